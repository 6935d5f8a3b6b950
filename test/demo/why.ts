/** Why a slot has no books, as an operator asks: the journal's answer. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Recorded } from "./record.ts";

const root = join(import.meta.dirname, "../..");

export function showWhy({ folder, collector }: Recorded, print: (text: string) => void): void {
  const args = ["--import", "./runtime/guard.js", "runtime/status.ts"];
  const flags = ["--why", "snapshot-poll", "--at", "2026-03-02T11:38:30"];
  const env = {
    PATH: process.env["PATH"],
    HOURBOOK_DATA: join(folder, "data"),
    HOURBOOK_COLLECTOR: collector,
  };
  print(`  $ npm run status -- ${flags.join(" ")}\n`);
  const printed = execFileSync(process.execPath, [...args, ...flags], { cwd: root, env });
  const lines = printed.toString().trimEnd().split("\n");
  // Two rows before the outage and two in it say enough here.
  for (const line of [...lines.slice(0, 2), ...lines.slice(12, 16)])
    print(line === "" ? "\n" : `    ${line}\n`);
}
