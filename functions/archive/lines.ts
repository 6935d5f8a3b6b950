/**
 * The lines of the books stream: schemas, and the book line, which is written and recognised as bytes, since
 * `raw` must stay what the venue sent. docs/archive-format.md describes them for readers.
 */
import * as v from "valibot";

/** Why a token has no book in a slot: the one vocabulary of poll lines and gap reports. */
export const causes = [
  "not-running",
  "skipped",
  "late",
  "clock",
  "disk",
  "network",
  "venue-429",
  "venue-4xx",
  "venue-5xx",
  "venue-timeout",
  "omitted",
  "quarantined",
  "damaged",
  "not-yet-watched",
  "market-closed",
  "unknown",
] as const;

export type Cause = (typeof causes)[number];

const time = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const watchedTokenSchema = v.object({
  token: v.string(),
  /** The venue's condition id. */
  market: v.string(),
  outcome: v.string(),
  slug: v.string(),
  question: v.optional(v.string()),
  /** Since when it is on the list. */
  since: time,
  /** When the venue was seen to have closed the market. */
  closed: v.optional(time),
});

export type WatchedToken = v.InferOutput<typeof watchedTokenSchema>;

export const watchLineSchema = v.object({
  kind: v.literal("watch"),
  id: v.string(),
  tokens: v.array(watchedTokenSchema),
});

export const requestSchema = v.object({
  sent: time,
  /** `null` if no whole answer came. */
  received: v.nullable(time),
  status: v.nullable(v.number()),
  /** Of the answer's body, decoded. */
  bytes: v.number(),
  attempts: v.number(),
  tokens: v.number(),
  /** How many books it brought. */
  books: v.number(),
  /** Second books of a token in the answer; absent for none. */
  duplicates: v.optional(v.number()),
  /** The books came in another order than they were asked for; absent if they did not. */
  shuffled: v.optional(v.literal(true)),
  error: v.optional(v.string()),
  /** The venue's own `date`, `age`, `cf-cache-status`, `retry-after`, as far as it sent them. */
  headers: v.optional(v.record(v.string(), v.string())),
});

export const pollLineSchema = v.object({
  kind: v.literal("poll"),
  poll: count,
  /** The slot; `null` by hand. */
  scheduled: v.nullable(time),
  started: time,
  ended: time,
  watch: v.string(),
  /** Written in this poll. */
  books: count,
  /** Equal to the token's last book of this hour, so not written again. */
  unchanged: count,
  missing: v.array(v.object({ token: v.string(), reason: v.picklist(causes) })),
  requests: v.array(requestSchema),
});

export const lostLineSchema = v.object({
  kind: v.literal("lost"),
  after: v.number(),
  before: v.number(),
});

export type WatchLine = v.InferOutput<typeof watchLineSchema>;
export type PollLine = v.InferOutput<typeof pollLineSchema>;
export type LostLine = v.InferOutput<typeof lostLineSchema>;

const headLineSchema = v.variant("kind", [watchLineSchema, pollLineSchema, lostLineSchema]);

export type HeadLine = v.InferOutput<typeof headLineSchema>;

/** A line that is no book; `undefined` for one that is none of these, or damaged, which is kept all the same. */
export function parseHeadLine(line: Buffer): HeadLine | undefined {
  try {
    return v.parse(headLineSchema, JSON.parse(line.toString()));
  } catch {
    return undefined;
  }
}

export function jsonLine(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

export interface Book {
  token: string;
  /** The venue's text of this book, valid UTF-8 and valid JSON. */
  raw: Buffer;
  sent: string;
  received: string;
}

const lineEnd = Buffer.from("}\n");

/** A book's line in pieces. */
export function bookLine(poll: number, { token, ...text }: Book): Buffer[] {
  return rawLine(`{"kind":"book","poll":${poll},"token":${JSON.stringify(token)}`, text);
}

/**
 * A line that begins with `head` and ends with the venue's own text, in pieces. A text with CR or LF in it,
 * which would break the line, becomes a JSON string.
 */
export function rawLine(head: string, { raw, sent, received }: Omit<Book, "token">): Buffer[] {
  const before = `${head},"sent":"${sent}","received":"${received}",`;
  if (raw.includes(10) || raw.includes(13)) {
    return [Buffer.from(`${before}"text":${JSON.stringify(raw.toString())}}\n`)];
  }
  return [Buffer.from(`${before}"raw":`), raw, lineEnd];
}

const bookStart = Buffer.from('{"kind":"book","poll":');
const bookHead = /^\{"kind":"book","poll":(\d+),"token":"([^"\\]*)"/;
// Token ids have 78 digits at most; the number and the names fit beside one of twice that.
const headBytesMax = 256;

/** Poll and token of a book line; `undefined` for every other kind. */
export function bookOf(line: Buffer): { poll: number; token: string } | undefined {
  if (
    line.compare(bookStart, 0, bookStart.length, 0, Math.min(bookStart.length, line.length)) !== 0
  )
    return undefined;
  const [, poll, token] = bookHead.exec(line.toString("latin1", 0, headBytesMax)) ?? [];
  return token === undefined ? undefined : { poll: Number(poll), token };
}

/** The venue's text in a book line, byte for byte. */
export function rawOf(line: Buffer): Buffer {
  const head = line.subarray(0, headBytesMax * 2).toString("latin1");
  const raw = head.indexOf(',"raw":');
  if (raw !== -1) return line.subarray(raw + 7, line.length - 1);
  return Buffer.from((JSON.parse(line.toString()) as { text: string }).text);
}
