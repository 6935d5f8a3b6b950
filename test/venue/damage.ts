/**
 * What a fault does to an answer before it is sent. Faults of time and of the connection are
 * deliver.ts's.
 */
import { hash } from "node:crypto";
import {
  errorAnswer,
  htmlAnswer,
  invalidUtf8,
  jsonAnswer,
  type Answer,
  type Item,
} from "./answer.ts";
import type { Fault, FaultKind } from "./faults.ts";
import { pretty } from "./json.ts";
import type { Book } from "./world.ts";

export interface Surroundings {
  now: number;
  path: string;
  /** Where a redirect leads: the same machine under another name, so that a test can see who follows. */
  elsewhere: string;
  /** A book that this answer does not hold. */
  strangeBook(): Book;
}

const retryAfterMs = 7_000;

/** The answer that goes out instead of the one worked out. */
export function damaged(answer: Answer, fault: Fault, around: Surroundings): Answer {
  const items = spoil[fault.kind];
  if (items !== undefined) return items(answer, fault, around);
  return instead(fault.kind, around) ?? answer;
}

/** A fault that answers in the venue's place: it never worked the real answer out. */
function instead(kind: FaultKind, { now, path, elsewhere }: Surroundings): Answer | undefined {
  switch (kind) {
    case "429":
      return errorAnswer(429, "Too Many Requests");
    case "429-seconds":
      return withHeader(
        errorAnswer(429, "Too Many Requests"),
        "retry-after",
        String(retryAfterMs / 1000),
      );
    case "429-date":
      return withHeader(
        errorAnswer(429, "Too Many Requests"),
        "retry-after",
        new Date(now + retryAfterMs).toUTCString(),
      );
    case "429-html":
      return htmlAnswer(cloudflarePage("Error 1015", "You are being rate limited"), 429);
    case "500":
      return jsonAnswer('{"type":"internal error","error":"cannot get the information"}', 500);
    case "502":
      return htmlAnswer(cloudflarePage("502", "Bad gateway"), 502);
    case "503":
      return errorAnswer(503, "Trading is currently disabled");
    case "425":
      return errorAnswer(425, "service not ready");
    case "403-html":
      return htmlAnswer(cloudflarePage("Attention Required!", "Sorry, you have been blocked"), 403);
    case "404-html":
      return htmlAnswer("<html><body><h1>404 Not Found</h1></body></html>", 404);
    case "error-200":
      return errorAnswer(200, "Too Many Requests");
    case "redirect":
      return withHeader(jsonAnswer("", 302), "location", elsewhere + path);
    case "empty":
      return jsonAnswer("");
    case "garbage":
      return jsonAnswer("\u0000\u001f\u008b garbage \uFFFD[{]}".repeat(40));
    default:
      return undefined;
  }
}

type Spoil = (answer: Answer, fault: Fault, around: Surroundings) => Answer;

const spoil: Partial<Record<FaultKind, Spoil>> = {
  "wrong-content-type": (answer) => withHeader(answer, "content-type", "text/html"),
  pretty: prettyAnswer,
  "renamed-field": eachItem(Infinity, (text) =>
    text.replaceAll('"bids":', '"buys":').replaceAll('"clobTokenIds":', '"tokenIds":'),
  ),
  "new-field": eachItem(Infinity, (text) => `${text.slice(0, -1)},"sequence":{"number":1}}`),
  numbers: eachItem(Infinity, (text) => text.replace(/"(price|size)":"([0-9.]+)"/g, '"$1":$2')),
  "invalid-utf8": eachItem(1, (text) =>
    text.replace(/("(?:hash|question)":")|(:")/, `$&${invalidUtf8}`),
  ),
  "wrong-market": eachItem(1, (text, around) =>
    rehashed(ofMarket(text, around.strangeBook().market)),
  ),
  "duplicate-book": onHit((item) => [item, { ...item, fault: "duplicate-book" }]),
  omitted: onHit(() => []),
  "unasked-book"(answer, _, around) {
    const { token, text } = around.strangeBook();
    return { ...answer, items: [{ token, text, fault: "unasked-book" }, ...answer.items] };
  },
};

/** The items that the fault names, or the first `default` ones, are changed by `change`. */
function eachItem(
  byDefault: number,
  change: (text: string, around: Surroundings) => string,
): Spoil {
  return (answer, fault, around) => {
    const isHit = hitTest(fault, byDefault);
    const items = answer.items.map((item, place) =>
      isHit(item, place) ? { ...item, text: change(item.text, around), fault: fault.kind } : item,
    );
    return { ...answer, items };
  };
}

function onHit(change: (item: Item) => Item[]): Spoil {
  return (answer, fault) => {
    const isHit = hitTest(fault, 1);
    const items = answer.items.flatMap((item, place) =>
      isHit(item, place) ? change(item) : [item],
    );
    return { ...answer, items };
  };
}

function hitTest(fault: Fault, byDefault: number): (item: Item, place: number) => boolean {
  const { tokens } = fault;
  if (tokens !== undefined) return ({ token }) => token !== undefined && tokens.includes(token);
  return (_, place) => place < (fault.books ?? byDefault);
}

function prettyAnswer(answer: Answer, fault: Fault, around: Surroundings): Answer {
  const { head, items, tail } = answer;
  if (items.length === 0) return { ...answer, head: `${pretty(head)}\n` };
  const depth = head === "" ? 0 : head === "[" ? 1 : 2;
  const indent = depth === 0 ? "" : `\n${"  ".repeat(depth)}`;
  const printed = eachItem(Infinity, (text) => pretty(text, depth))(answer, fault, around);
  return {
    ...printed,
    head: head + indent,
    separator: `,${indent}`,
    tail: `\n${tail}\n`,
  };
}

function ofMarket(text: string, market: string): string {
  return text.replace(/"market":"[^"]*"/, `"market":"${market}"`);
}

/** Gives a changed book the hash that the venue would have given it, so that only its content tells. */
function rehashed(text: string): string {
  const bare = text.replace(/"hash":"[^"]*"/, '"hash":""');
  return bare.replace('"hash":""', `"hash":"${hash("sha1", bare)}"`);
}

function withHeader(answer: Answer, name: string, value: string): Answer {
  return { ...answer, headers: { ...answer.headers, [name]: value } };
}

function cloudflarePage(title: string, text: string): string {
  return (
    `<!DOCTYPE html>\n<html lang="en-US">\n<head><title>${title} | Cloudflare</title></head>\n` +
    `<body><h1>${title}</h1><p>${text}</p><p>Cloudflare Ray ID: 8f1c2d3e4b5a6978</p></body>\n</html>\n`
  );
}
