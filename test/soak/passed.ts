/** Figures of a soak that meet every goal, for tests that spoil one. */
import type { SoakEvidence } from "../../functions/readiness/soak-evidence.ts";

export function passedSoak(): SoakEvidence {
  return {
    schema: 1,
    kind: "soak",
    command: "npm run soak -- --hours 24",
    software: { version: "0.1.0", revision: "0123456789", node: "26.10.0" },
    machine: { cpus: 1, memoryMB: 1_024, system: "linux" },
    venue: "simulated",
    seed: 1,
    schedule: "as shipped",
    started: "2026-11-21T12:00:00.000Z",
    until: "2026-11-22T12:00:00.000Z",
    wantedHours: 24,
    hours: 24,
    interruptions: [],
    unexpectedExits: 0,
    slots: {
      due: 9_000,
      ran: 9_000,
      skipped: 0,
      missed: 0,
      whileDown: 0,
      twice: 0,
      unexplained: 0,
      examples: [],
    },
    latenessMs: { runs: 9_000, p50: 1, p99: 12, max: 90 },
    memory: { peakMB: 160, lastMB: 130, slopeMBPerHour: 0.01, fittedHours: 12 },
    descriptors: { early: 30, late: 30, max: 40, fittedHours: 24 },
    coverage: {
      reports: 25,
      provisional: 2,
      tokenSlots: 4_320_000,
      kept: 4_300_000,
      missing: { omitted: 20_000 },
    },
    disk: { files: 900, bytes: 300_000_000, freeBytes: 10_000_000_000 },
  };
}
