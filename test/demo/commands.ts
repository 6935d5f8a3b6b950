/** What a data user types, with what it prints: `read`, `label` and `verify` on what was just recorded. */
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
  const env = {
    PATH: process.env["PATH"],
    HOURBOOK_DATA: join(folder, "data"),
    HOURBOOK_COLLECTOR: collector,
    HOURBOOK_LOG_LEVEL: "warn",
  };
  const fn = `"${process.execPath}" --import ./runtime/guard.js runtime/fn.ts`;
  // The outage began at 11:38:30: two polls with books before it, and none in it.
  const range = `--from ${hour}:37:30Z --to ${hour}:46:00Z`;
  for (const command of [
    `read --market ${market} ${range} --every --format csv`,
    `read --market ${market} --at ${hour}:40:00Z --format csv`,
    `label --hour ${hour} --verdict deprecated --reason "seven minutes are missing" --replacement vps-2`,
    "verify",
  ]) {
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
