/** What a person types, with what it prints: `read`, `label`, `verify` and `restore` on what was just recorded. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Recorded } from "./record.ts";

const root = join(import.meta.dirname, "../..");

/** `market` is a slug that was watched in the hour. */
export function showCommands(
  { folder, collector }: Recorded,
  hour: string,
  market: string,
  print: (text: string) => void,
): void {
  // The outage began at 11:38:30: two polls with books before it, and none in it.
  const range = `--from ${hour}:37:30Z --to ${hour}:46:00Z`;
  const commands = [
    `read --market ${market} ${range} --every --format csv`,
    `read --market ${market} --at ${hour}:40:00Z --format csv`,
    `label --hour ${hour} --verdict deprecated --reason "seven minutes are missing" --replacement vps-2`,
    "verify",
  ];
  showEach(commands, { HOURBOOK_DATA: join(folder, "data"), HOURBOOK_COLLECTOR: collector }, print);
}

/** On a new machine: another data folder, the old one's remote and name. */
export function showRestore({ folder, collector }: Recorded, print: (text: string) => void): void {
  const settings = {
    HOURBOOK_DATA: join(folder, "restored"),
    HOURBOOK_REMOTE: `dir:${join(folder, "offsite")}`,
    HOURBOOK_COLLECTOR: collector,
  };
  const hour = "2026-03-02T10";
  showEach(
    ["restore --dry-run", "restore", "verify", `gap-report --hour ${hour}`],
    settings,
    print,
  );
}

function showEach(
  commands: readonly string[],
  settings: Record<string, string>,
  print: (text: string) => void,
): void {
  const env = { PATH: process.env["PATH"], HOURBOOK_LOG_LEVEL: "warn", ...settings };
  const fn = `"${process.execPath}" --import ./runtime/guard.js runtime/fn.ts`;
  for (const command of commands) {
    print(`  $ npm run -s fn -- ${command}\n`);
    const printed = execFileSync("sh", ["-c", `${fn} ${command} 2>&1`], { cwd: root, env });
    for (const line of printed.toString().trim().split("\n")) print(`    ${readable(line)}\n`);
    print("\n");
  }
}

/** Log lines are JSON where no terminal is: their message says enough here. */
function readable(line: string): string {
  return line.startsWith("{") ? (JSON.parse(line) as { msg: string }).msg : line;
}
