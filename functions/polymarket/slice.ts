/**
 * Finds the elements of a JSON array in an answer's bytes, without parsing or re-serialising them: a book is
 * kept exactly as the venue wrote it. It looks only for strings, brackets and commas; whether an element is
 * valid JSON is for the one who parses it.
 */

/** Bytes `start` to `end` (excluded) of the answer. */
export interface Range {
  start: number;
  end: number;
}

export interface Slices {
  elements: Range[];
  /** `cut`: the answer ends inside the array. `garbage`: no array there, or more than blanks behind it. */
  verdict: "whole" | "cut" | "garbage";
  /** What belongs to no element and is not whole: from the cut, or from where it ceases to be JSON. */
  rest: Range | undefined;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The elements of the array that is the whole answer. */
export function sliceArray(body: Buffer): Slices {
  const start = skipBlanks(body, 0);
  if (start === body.length)
    return { elements: [], verdict: "cut", rest: { start: 0, end: body.length } };
  if (body[start] !== openBracket) return garbage(body, [], 0);
  const found = elementsFrom(body, start + 1);
  return found.verdict === "whole" ? endsWith(body, found, found.end) : found;
}

/** The elements of the array under a key of the object that is the whole answer. */
export function sliceArrayAt(body: Buffer, key: string): Slices {
  let at = skipBlanks(body, 0);
  if (body[at] !== openBrace) return garbage(body, [], 0);
  const wanted = Buffer.from(JSON.stringify(key));
  at = skipBlanks(body, at + 1);
  while (body[at] === quote) {
    const keyEnd = stringEnd(body, at);
    const isWanted = body.subarray(at, keyEnd).equals(wanted);
    at = skipBlanks(body, keyEnd);
    if (body[at] !== colon) break;
    at = skipBlanks(body, at + 1);
    if (isWanted && body[at] === openBracket) {
      const found = elementsFrom(body, at + 1);
      return found.verdict === "whole" ? objectEnd(body, found, found.end) : found;
    }
    at = skipBlanks(body, valueEnd(body, at, closeBrace));
    if (body[at] !== comma) break;
    at = skipBlanks(body, at + 1);
  }
  if (at >= body.length)
    return { elements: [], verdict: "cut", rest: { start: 0, end: body.length } };
  return garbage(body, [], 0);
}

interface Found extends Slices {
  /** Behind the closing bracket. */
  end: number;
}

/** Elements from behind the opening bracket on. */
function elementsFrom(body: Buffer, from: number): Found {
  const elements: Range[] = [];
  let at = skipBlanks(body, from);
  if (body[at] === closeBracket)
    return { elements, verdict: "whole", rest: undefined, end: at + 1 };
  for (;;) {
    const start = at;
    const end = valueEnd(body, start, closeBracket);
    const next = skipBlanks(body, end);
    const byte = body[next];
    if (byte === comma || byte === closeBracket) {
      elements.push({ start, end });
      if (byte === closeBracket)
        return { elements, verdict: "whole", rest: undefined, end: next + 1 };
      at = skipBlanks(body, next + 1);
    } else {
      // The end of the answer. A container that closed is whole even so; anything else may have gone on.
      const last = body[end - 1];
      const isWhole =
        end > start && (last === closeBrace || last === closeBracket) && isClosed(body, start, end);
      if (isWhole) elements.push({ start, end });
      const rest = { start: isWhole ? end : start, end: body.length };
      return {
        elements,
        verdict: "cut",
        rest: rest.start < rest.end ? rest : undefined,
        end: body.length,
      };
    }
  }
}

/**
 * Behind the value that begins here: at the comma or `closer` that ends it (blanks before that left out), or
 * at the answer's end. Brackets of both kinds count alike: a pair that does not match is for the parser.
 */
function valueEnd(body: Buffer, start: number, closer: number): number {
  const length = body.length;
  let depth = 0;
  let end = start;
  let at = start;
  while (at < length) {
    const byte = body[at]!;
    if (byte === quote) {
      at = stringEnd(body, at);
      end = at;
      continue;
    }
    if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) {
      if (depth > 0) depth -= 1;
      else if (byte === closer) return end;
    } else if (byte === comma && depth === 0) return end;
    at += 1;
    if (byte > 0x20) end = at;
  }
  return end;
}

/** Behind the closing quote of the string that opens here, or the answer's end. */
function stringEnd(body: Buffer, start: number): number {
  const length = body.length;
  for (let at = start + 1; at < length; at += 1) {
    const byte = body[at];
    if (byte === backslash) at += 1;
    else if (byte === quote) return at + 1;
  }
  return length;
}

function isClosed(body: Buffer, start: number, end: number): boolean {
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    const byte = body[at];
    if (byte === quote) at = stringEnd(body, at) - 1;
    else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) depth -= 1;
  }
  return depth === 0;
}

function objectEnd(body: Buffer, found: Found, from: number): Slices {
  let at = skipBlanks(body, from);
  while (body[at] === comma) {
    const keyAt = skipBlanks(body, at + 1);
    const keyEnd = body[keyAt] === quote ? stringEnd(body, keyAt) : keyAt;
    const colonAt = skipBlanks(body, keyEnd);
    if (body[colonAt] !== colon) break;
    const valueAt = skipBlanks(body, colonAt + 1);
    at = skipBlanks(body, valueEnd(body, valueAt, closeBrace));
  }
  if (body[at] === closeBrace) return endsWith(body, found, at + 1);
  return { elements: found.elements, verdict: "cut", rest: { start: from, end: body.length } };
}

function endsWith(body: Buffer, found: Found, end: number): Slices {
  if (skipBlanks(body, end) < body.length) return garbage(body, found.elements, end);
  return { elements: found.elements, verdict: "whole", rest: undefined };
}

function garbage(body: Buffer, elements: Range[], from: number): Slices {
  return { elements, verdict: "garbage", rest: { start: from, end: body.length } };
}

function skipBlanks(body: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = body[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}
