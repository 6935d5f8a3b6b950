/** A function that leaves word when it begins and when it ends, so that two runs at once would show. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../runtime/doors/clock.ts";
import type { Run } from "../../runtime/function.ts";

export async function witness(run: Run): Promise<object> {
  const file = fileIn(run.settings.dataFolder);
  // Appended in one call, which processes beside each other do not tear.
  appendFileSync(file, `in ${run.id} ${process.pid}\n`);
  await sleep(run.clock, 5 + run.random() * 20);
  appendFileSync(file, `out ${run.id} ${process.pid}\n`);
  return {};
}

export interface Witnessed {
  runs: number;
  /** Runs that began while another had not ended, whose process was not killed. */
  overlaps: string[];
}

export function witnessed(dataFolder: string, killed: ReadonlySet<number>): Witnessed {
  const found: Witnessed = { runs: 0, overlaps: [] };
  let inside: { id: string; pid: number } | undefined;
  for (const line of linesIn(dataFolder)) {
    const [what, id = "", pid] = line.split(" ");
    if (what === "out") {
      if (inside?.id !== id) found.overlaps.push(line);
      inside = undefined;
      continue;
    }
    if (inside !== undefined && !killed.has(inside.pid)) found.overlaps.push(line);
    inside = { id, pid: Number(pid) };
    found.runs += 1;
  }
  return found;
}

export function linesIn(dataFolder: string): string[] {
  const file = fileIn(dataFolder);
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

function fileIn(dataFolder: string): string {
  return join(dataFolder, "witness");
}
