/**
 * What a soak measured, as `npm run soak` writes it and `docs/soak.md` commits it. It holds figures only; whether they
 * are good enough is worked out from them anew, by whoever reads it.
 */
import * as v from "valibot";
import { causes } from "../archive/lines.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const measure = v.nullable(v.pipe(v.number(), v.finite()));
const hours = v.pipe(v.number(), v.finite(), v.minValue(0));

export const soakSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("soak"),
  command: v.string(),
  software: v.object({ version: v.string(), revision: v.string(), node: v.string() }),
  machine: v.object({ cpus: count, memoryMB: count, system: v.string() }),
  venue: v.picklist(["simulated", "live"]),
  /** Of the faults; without account on the live venue. */
  seed: v.number(),
  /** `shipped`, or what the polls' cadence was instead. */
  schedule: v.string(),
  started: v.string(),
  /** The newest look at the daemon. */
  until: v.string(),
  wantedHours: hours,
  /** How long the daemon ran and was watched. */
  hours,
  /** When nobody watched: the soak itself was stopped, or died. */
  interruptions: v.array(v.object({ from: v.string(), to: v.string() })),
  /** The daemon ended, and nobody had asked it to. */
  unexpectedExits: count,
  slots: v.object({
    due: count,
    ran: count,
    skipped: count,
    missed: count,
    whileDown: count,
    twice: count,
    unexplained: count,
    /** The first of them, `function 2026-…`. */
    examples: v.array(v.string()),
  }),
  /** Of scheduled runs: how long after its slot each began. */
  latenessMs: v.object({ runs: count, p50: measure, p99: measure, max: measure }),
  memory: v.object({
    peakMB: measure,
    lastMB: measure,
    /** By least squares over the second half of the longest life. */
    slopeMBPerHour: measure,
    fittedHours: hours,
  }),
  /** Medians over the second and the last quarter of the longest life. */
  descriptors: v.object({ early: measure, late: measure, max: measure, fittedHours: hours }),
  /** From the gap reports, of what was due while the soak was there. */
  coverage: v.object({
    reports: count,
    provisional: count,
    tokenSlots: count,
    kept: count,
    missing: v.record(v.picklist(causes), count),
  }),
  disk: v.object({ files: count, bytes: count, freeBytes: count }),
});

export type SoakEvidence = v.InferOutput<typeof soakSchema>;

const blockPattern = /<!-- soak evidence -->\s*```json\n([\s\S]*?)```/;

/** From the JSON that a soak writes, or a page that shows it. `undefined`: there is none. Throws where it is none. */
export function parseSoak(text: string): SoakEvidence | undefined {
  const json = text.trimStart().startsWith("{") ? text : blockPattern.exec(text)?.[1];
  return json === undefined ? undefined : v.parse(soakSchema, JSON.parse(json));
}
