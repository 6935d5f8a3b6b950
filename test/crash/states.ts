/** The archive before each step, as earlier runs and an earlier crash left it. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Ack, type StepName, record, slotsFrom, steps } from "./steps.ts";

export interface Before {
  /** What was said to be safe before the step. */
  acks: Ack[];
  /** Bytes that lie torn in it. */
  torn: Buffer[];
}

/** Makes the state in which `step` begins, in `root`. */
export async function makeState(root: string, step: StepName): Promise<Before> {
  const acks: Ack[] = [];
  const torn: Buffer[] = [];
  const ack = (said: Ack): void => void acks.push(said);
  for (const folder of ["data", "offsite"]) mkdirSync(join(root, folder), { recursive: true });
  const none = (): void => {};

  // Hour 13 is sealed, described and copied: what sealed files must stay.
  await record(root, ack, slotsFrom("2026-11-22T13:00:00Z", 2), 0);
  for (const name of ["seal", "manifest", "offload"] as const) await steps[name](root, none, -60);

  if (step === "append") {
    await record(root, ack, slotsFrom("2026-11-22T15:59:20Z", 2), 0);
    return { acks, torn };
  }
  // Hour 14 has two parts, since its first was torn, and a torn end again.
  await record(root, ack, slotsFrom("2026-11-22T14:00:00Z", 2), 0);
  torn.push(...tear(root));
  await record(root, ack, slotsFrom("2026-11-22T14:10:00Z", 2), 0);
  torn.push(...tear(root));
  for (const name of ["seal", "manifest", "offload", "prune"] as const) {
    if (name === step) break;
    await steps[name](root, none, 0);
  }
  return { acks, torn };
}

/** The beginning of an append behind the last one, as a crash leaves it. */
function tear(root: string): Buffer[] {
  const open = join(root, "data", "open");
  const names = readdirSync(open).filter((name) =>
    /^(polymarket\.books|journal)\..*\.jsonl\.gz$/.test(name),
  );
  return names.map((name) => {
    const path = join(open, name);
    const torn = readFileSync(path).subarray(0, 60);
    appendFileSync(path, torn);
    return torn;
  });
}
