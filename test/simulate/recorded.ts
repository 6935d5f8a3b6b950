/** The recorded hours as the checker sees them: sealed here, sealed there, or open still. */
import type { Hour } from "./hours.ts";
import { type Line, linesOf, type TextLine } from "./disk-view.ts";

/** Path relative to its folder → bytes. */
export type Folder = ReadonlyMap<string, Buffer>;

export interface Poll {
  line: Line;
  books: Book[];
}

export interface Book {
  token: string;
  raw: string;
  /** Epoch ms. */
  sent: number;
  received: number;
}

/** One hour of books, wherever it lies now. */
export interface BooksHour {
  hour: Hour;
  polls: Poll[];
  watches: Map<string, string[]>;
  lost: boolean;
}

/** The journal's lines, each file once, in the order of hours. */
export function journalLines(places: readonly ReadonlyMap<string, Buffer>[]): TextLine[] {
  const [archive, remote, open] = places;
  const sealed = new Map([...(remote ?? []), ...(archive ?? [])]);
  const files = [...sealed].filter(([path]) => /stream=journal\/.*\.jsonl\.gz$/.test(path));
  const done = new Set(files.map(([path]) => hourIn(path)));
  const parts = [...(open ?? [])].filter(
    ([path]) =>
      path.startsWith("journal.") && path.includes(".jsonl.gz") && !done.has(hourIn(path)),
  );
  return [...files, ...parts].flatMap(([, bytes]) => linesOf(bytes).lines);
}

export function booksHours(...places: ReadonlyMap<string, Buffer>[]): Map<Hour, BooksHour> {
  const [archive, remote, open] = places;
  const sealed = new Map([...(remote ?? []), ...(archive ?? [])]);
  const files = [...sealed].filter(([path]) => /stream=books\/.*\.jsonl\.gz$/.test(path));
  const hours = new Map<Hour, TextLine[]>();
  for (const [path, bytes] of files) hours.set(hourIn(path), linesOf(bytes).lines);
  const isSealed = new Set(hours.keys());
  for (const [path, bytes] of [...(open ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const hour = hourIn(path);
    if (!path.startsWith("polymarket.books.") || !path.includes(".jsonl.gz") || isSealed.has(hour))
      continue;
    hours.set(hour, [...(hours.get(hour) ?? []), ...linesOf(bytes).lines]);
  }
  return new Map([...hours].map(([hour, lines]) => [hour, booksHour(hour, lines)]));
}

function hourIn(path: string): Hour {
  const [, date, hour] = /date=([\d-]+)\/hour=(\d\d)\//.exec(path) ?? [];
  return date === undefined ? (/\d{4}-\d\d-\d\dT\d\d/.exec(path)?.[0] ?? "") : `${date}T${hour}`;
}

function booksHour(hour: Hour, lines: readonly TextLine[]): BooksHour {
  const found: BooksHour = { hour, polls: [], watches: new Map(), lost: false };
  const books = new Map<unknown, Poll["books"]>();
  for (const { text, value } of lines) {
    if (value.kind === "lost") found.lost = true;
    if (value.kind === "watch") {
      const { id, tokens } = value as Record<string, any>;
      found.watches.set(
        id as string,
        (tokens as { token: string }[]).map(({ token }) => token),
      );
    }
    if (value.kind === "poll") found.polls.push({ line: value, books: [] });
    if (value.kind !== "book") continue;
    // The venue's text is the line's last field; one with line breaks in it is a JSON string.
    const at = text.indexOf(',"raw":');
    const raw = (value["text"] as string | undefined) ?? text.slice(at + ',"raw":'.length, -1);
    const [sent, received] = [value["sent"], value["received"]].map((time) =>
      Date.parse(time as string),
    ) as [number, number];
    const own = books.get(value["poll"]) ?? [];
    own.push({ token: value["token"] as string, raw, sent, received });
    books.set(value["poll"], own);
  }
  for (const poll of found.polls) poll.books = books.get(poll.line["poll"]) ?? [];
  return found;
}
