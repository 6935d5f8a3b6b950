/**
 * The quality report of one hour as JSON, schema 1; docs/data-quality.md says of each number how it is made and
 * what to do. It holds facts of the sealed hour alone: from the same file the same bytes come again.
 */
import * as v from "valibot";
import { percentilesSchema } from "./percentiles.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const qualityReportSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("quality-report"),
  collector: v.string(),
  venue: v.string(),
  hour: v.string(),
  books: v.object({
    recorded: count,
    /** Looked at; of a large hour a sample. The numbers that follow are of these. */
    checked: count,
    hash: v.object({ same: count, other: count, none: count }),
    empty: count,
    oneSided: count,
    crossed: count,
    outOfRange: count,
    offTick: count,
    outOfOrder: count,
    mirror: v.object({ pairs: count, broken: count }),
    timestamps: v.object({ implausible: count, ageMs: v.nullable(percentilesSchema) }),
  }),
  answers: v.object({
    requests: count,
    retried: count,
    byStatus: v.record(v.string(), count),
    duplicates: count,
    shuffled: count,
    responseMs: v.nullable(percentilesSchema),
    growth: v.nullable(v.number()),
    clockOffsetMs: v.nullable(v.object({ low: v.number(), high: v.number() })),
    budget: v.object({ most: count, limit: count, windowMs: count }),
  }),
  /** Of the answers' bodies, of the lines written, and of the sealed file. */
  bytes: v.object({ received: count, lines: count, file: count }),
  alarms: v.array(v.object({ metric: v.string(), detail: v.string() })),
  sources: v.array(v.object({ path: v.string(), sha256: v.string() })),
});

export type QualityReport = v.InferOutput<typeof qualityReportSchema>;
export type Measured = Pick<QualityReport, "books" | "answers" | "bytes">;
export type Alarm = QualityReport["alarms"][number];
