/** The journal's lines, as they are written and as they are read back: one JSON object each. */
import * as v from "valibot";

const time = v.pipe(v.string(), v.isoTimestamp());
const slot = v.nullable(time);
const trigger = v.picklist(["schedule", "start", "hand"]);

const outcomes = ["ok", "failed", "timeout", "abandoned", "aborted"] as const;
export type Outcome = (typeof outcomes)[number];

const entry = v.object({
  cron: v.nullable(v.string()),
  timezone: v.string(),
  timeoutMs: v.number(),
  enabled: v.boolean(),
  atStart: v.boolean(),
  input: v.unknown(),
});

export const holderSchema = v.object({
  pid: v.number(),
  since: time,
  run: v.optional(v.string()),
  trigger: v.optional(trigger),
});

/** Who holds a lock. */
export type Holder = v.InferOutput<typeof holderSchema>;

const lineSchema = v.variant("kind", [
  v.object({
    kind: v.literal("start"),
    at: time,
    pid: v.number(),
    version: v.string(),
    node: v.string(),
    collector: v.string(),
  }),
  v.object({
    kind: v.literal("schedule"),
    at: time,
    revision: v.string(),
    by: v.picklist(["daemon", "hand"]),
    functions: v.record(v.string(), entry),
  }),
  v.object({
    kind: v.literal("refused"),
    at: time,
    /** When it was refused first: the line is repeated in each hour for as long as it stands. */
    since: time,
    /** Of the text that was refused; `null` if the file could not be read. */
    revision: v.nullable(v.string()),
    problems: v.array(v.string()),
  }),
  v.object({
    kind: v.literal("begin"),
    at: time,
    run: v.string(),
    function: v.string(),
    trigger,
    scheduled: slot,
    latenessMs: v.number(),
    repeat: v.optional(v.literal(true)),
  }),
  v.object({
    kind: v.literal("end"),
    at: time,
    run: v.string(),
    function: v.string(),
    trigger,
    scheduled: slot,
    outcome: v.picklist(outcomes),
    code: v.optional(v.string()),
    message: v.optional(v.string()),
    tookMs: v.number(),
    result: v.optional(v.string()),
  }),
  // What a run is about to do that cannot be undone.
  v.object({
    kind: v.literal("note"),
    at: time,
    run: v.string(),
    function: v.string(),
    event: v.string(),
    about: v.unknown(),
  }),
  v.object({
    kind: v.literal("skip"),
    at: time,
    function: v.string(),
    scheduled: slot,
    reason: v.literal("held"),
    holder: v.nullable(holderSchema),
  }),
  v.object({
    kind: v.literal("missed"),
    at: time,
    function: v.string(),
    /** The slots lost: `from` inclusive, `to` exclusive, which is the slot that was run in their stead. */
    from: time,
    to: time,
    count: v.number(),
    cause: v.picklist(["clock", "late"]),
    /** There were more than the runtime counts. */
    atLeast: v.optional(v.literal(true)),
  }),
  v.object({
    kind: v.literal("interrupted"),
    at: time,
    run: v.string(),
    function: v.string(),
    began: time,
    scheduled: slot,
  }),
  // Lines that the disk would not take, and that became too many to keep.
  v.object({ kind: v.literal("unwritten"), at: time, count: v.number(), from: time, to: time }),
  // From here on nothing fires; `stop` comes when the last run has ended.
  v.object({ kind: v.literal("stopping"), at: time, reason: v.string() }),
  v.object({ kind: v.literal("stop"), at: time, reason: v.string() }),
]);

export type JournalLine = v.InferOutput<typeof lineSchema>;
export type JournalLineOf<K extends JournalLine["kind"]> = Extract<JournalLine, { kind: K }>;

type WithoutTime<L> = L extends JournalLine ? Omit<L, "at"> : never;

/** A line before the journal puts the time on it. */
export type NewLine = WithoutTime<JournalLine>;

export type ScheduledFunctions = JournalLineOf<"schedule">["functions"];

/** `undefined` for what is no journal line, or one of a kind that only a newer version knows. */
export function parseJournalLine(bytes: Buffer): JournalLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(lineSchema, value);
  return parsed.success ? parsed.output : undefined;
}
