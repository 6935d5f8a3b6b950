/**
 * label: marks an hour, or one token's hour, as invalid or deprecated, in a small file beside the archive.
 *
 * A sealed hour is never changed. What turned out to be wrong with it is said in `labels/`, one file for each
 * label, written once and offloaded like the rest, with the reason and what to use instead; `read`, `verify`
 * and `gap-report` show it. With `--keep` prune leaves the hour here, until a newer label says `--no-keep`.
 */
import * as v from "valibot";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import { hourPattern } from "../runtime/time.ts";
import { describeLabel, verdicts } from "./archive/labels.ts";
import { pathName } from "./archive/names.ts";
import { type Labelled, writeLabel } from "./archive/write-label.ts";

const charsMax = 1_000;

const text = v.pipe(
  v.string(),
  v.trim(),
  v.nonEmpty("must say something"),
  v.maxLength(charsMax, `is longer than ${charsMax} characters: name a page that says more`),
  v.regex(/^\P{Cc}*$/u, "must be one line, without control characters"),
);

const input = v.strictObject({
  hour: v.pipe(
    v.string(),
    v.regex(hourPattern, 'write a UTC hour, such as "2026-11-22T15"'),
    v.description("the hour that it speaks of"),
  ),
  token: v.optional(v.pipe(text, v.description("one token's books of that hour, not all"))),
  venue: v.optional(v.pipe(pathName, v.description("whose market data")), "polymarket"),
  stream: v.optional(
    v.pipe(
      v.picklist(["books", "markets", "journal", "quarantine"]),
      v.description("which of the hour's streams"),
    ),
    "books",
  ),
  collector: v.optional(
    v.pipe(pathName, v.description("which machine's recording; without it this one's")),
  ),
  verdict: v.pipe(
    v.picklist(verdicts),
    v.description("invalid: not to be used; deprecated: something better exists"),
  ),
  reason: v.pipe(text, v.description("what is wrong with it, for whoever reads the data")),
  replacement: v.optional(
    v.pipe(text, v.description("what to use instead: a path, an hour, a machine")),
  ),
  keep: v.optional(v.pipe(v.boolean(), v.description("whether prune must leave the hour here"))),
});

export default defineFunction({
  input,
  settings: {},

  async run({ hour, token, venue, stream, collector, ...said }, run): Promise<Labelled> {
    if (token !== undefined && stream !== "books") {
      throw new OperatorError("BAD_FLAGS", {
        message: `the ${stream} stream has no tokens`,
        exit: "usage",
        safe: "Nothing was written.",
        next: "leave --token away, or --stream",
      });
    }
    const about = { venue, stream, hour, collector: collector ?? run.settings.collector, token };
    const labelled = await writeLabel(run, about, said);
    if (!labelled.isHere)
      run.log.warn({ hour }, `${hour} is not here: whether it exists was not looked at`);
    return labelled;
  },

  summary: ({ path, label }) => `${label.hour} is labelled ${describeLabel(label)}\n${path}`,
});
