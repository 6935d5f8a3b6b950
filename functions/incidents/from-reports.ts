/** What the reports on an hour of books tell of trouble. */
import { join } from "node:path";
import * as v from "valibot";
import { count } from "../../runtime/columns.ts";
import { errnoOf } from "../../runtime/errors.ts";
import { formatDuration, type Hour, minuteMs } from "../../runtime/time.ts";
import { type GapReport, gapReportSchema } from "../coverage/report.ts";
import { booksStream } from "../coverage/shelf.ts";
import { reportPaths } from "../coverage/store.ts";
import { qualityPaths } from "../quality/hours.ts";
import { qualityReportSchema } from "../quality/report.ts";
import type { IncidentCode } from "./codes.ts";
import type { Found, IncidentPlace } from "./incident.ts";

/** `undefined` while there is no final report. */
export async function foundInGaps(place: IncidentPlace, hour: Hour): Promise<Found[] | undefined> {
  const { json, markdown } = reportPaths(hour, place.collector, false);
  const report = await readJson(place, json, gapReportSchema);
  if (report === undefined) return undefined;
  const large = report.gaps.filter((gap) => isLarge(gap, report.totals.tokens));
  if (large.length === 0) return [];
  const spans = large.map(({ from, until, cause, tokens }) => {
    const who = tokens === "all" ? "all tokens" : count(tokens.length, "token");
    return `${from} to ${until}: ${cause}, ${who}`;
  });
  const longestMs = Math.max(...large.map(lengthMs));
  return [
    {
      ...booksStream,
      hour,
      code: "LARGE_GAP",
      detail: `The longest of ${large.length} takes ${formatDuration(longestMs)} of this hour`,
      files: [json, markdown],
      evidence: spans.slice(0, spansNamedMax),
    },
  ];
}

/** `undefined` while there is no report. */
export async function foundInQuality(
  place: IncidentPlace,
  hour: Hour,
): Promise<Found[] | undefined> {
  const { json, markdown } = qualityPaths(hour, place.collector);
  const report = await readJson(place, json, qualityReportSchema);
  return report?.alarms.flatMap(({ metric, detail }) => {
    const code = codeOfMetric[metric];
    const files = [json, markdown];
    return code === undefined ? [] : [{ ...booksStream, hour, code, detail, files, evidence: [] }];
  });
}

const codeOfMetric: Partial<Record<string, IncidentCode>> = {
  hash: "HASH_DRIFT",
  timestamps: "TIMESTAMP_MISUNDERSTOOD",
};

const spansNamedMax = 20;
/** What a person should be told of: of at least half of the tokens, and for so long. */
const largeGapMsMin = 5 * minuteMs;
const largeGapTokensMin = 0.5;

type Gap = GapReport["gaps"][number];

function isLarge(gap: Gap, tokens: number): boolean {
  // These are no holes in what could have been recorded.
  if (gap.cause === "market-closed" || gap.cause === "not-yet-watched") return false;
  const isWide = gap.tokens === "all" || gap.tokens.length >= largeGapTokensMin * tokens;
  return isWide && lengthMs(gap) >= largeGapMsMin;
}

function lengthMs({ from, until }: Gap): number {
  return Date.parse(until) - Date.parse(from);
}

async function readJson<S extends v.GenericSchema>(
  { files, dataFolder }: IncidentPlace,
  path: string,
  schema: S,
): Promise<v.InferOutput<S> | undefined> {
  try {
    return v.parse(schema, JSON.parse((await files.read(join(dataFolder, path))).toString()));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
