/** Percentiles by nearest rank: each is a value that really occurred. */
import * as v from "valibot";

const ms = v.number();
export const percentilesSchema = v.object({ p50: ms, p90: ms, p99: ms, max: ms });

export type Percentiles = v.InferOutput<typeof percentilesSchema>;

/** `null` of nothing. */
export function percentiles(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
