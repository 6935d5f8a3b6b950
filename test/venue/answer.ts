/** An answer before it is sent: the venue's own words, still in pieces that a fault can take hold of. */
import type { Fault, FaultKind } from "./faults.ts";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** The body is head, items with the separator (a comma) between them, tail. */
  head: string;
  items: Item[];
  separator?: string;
  tail: string;
}

export interface Item {
  text: string;
  /** The token, if the item is a book. */
  token?: string;
  /** What was done to this very item. */
  fault?: FaultKind;
}

/** What a route needs to know of a request. */
export interface Question {
  method: string;
  path: string;
  query: URLSearchParams;
  body: string;
  now: number;
  fault: Fault | undefined;
}

export function jsonAnswer(text: string, status = 200): Answer {
  return {
    status,
    headers: { "content-type": "application/json" },
    head: text,
    items: [],
    tail: "",
  };
}

export function htmlAnswer(text: string, status: number): Answer {
  return { ...jsonAnswer(text, status), headers: { "content-type": "text/html; charset=UTF-8" } };
}

/** The CLOB's form of an error. */
export function errorAnswer(status: number, message: string): Answer {
  return jsonAnswer(JSON.stringify({ error: message }), status);
}

export function bodyOf(answer: Answer): Buffer {
  const body = Buffer.from(
    answer.head + answer.items.map((item) => item.text).join(answer.separator ?? ",") + answer.tail,
  );
  spoilUtf8(body);
  return body;
}

/**
 * A private-use character that marks where a fault wants bytes which are no UTF-8; same length, so
 * framing holds.
 */
export const invalidUtf8 = "\uE0FF";
const marker = Buffer.from(invalidUtf8);

function spoilUtf8(body: Buffer): void {
  for (let at = body.indexOf(marker); at !== -1; at = body.indexOf(marker, at)) {
    body.set([0xc3, 0x28, 0xff], at);
  }
}
