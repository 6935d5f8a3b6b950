/**
 * JSON handled as text. Payload files are answered as the venue would have sent them, so their blanks go
 * while number forms, escapes, key order and doubled keys stay: parsing and printing again would change
 * them.
 */

const stringOrBlank = /("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\r\n]+/gs;
const pieces = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^"[\]{},:]+/gs;

export function compact(text: string): string {
  return text.replace(stringOrBlank, "$1");
}

/**
 * The elements of a compact array, or the `"key":value` members of a compact object, each as it is
 * written.
 */
export function slices(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = 1;
  for (const { 0: piece, index } of text.matchAll(pieces)) {
    if (piece === "[" || piece === "{") depth += 1;
    if (piece === "]" || piece === "}") depth -= 1;
    const ends = (piece === "," && depth === 1) || depth === 0;
    if (!ends) continue;
    if (index > from) found.push(text.slice(from, index));
    from = index + 1;
  }
  return found;
}

/**
 * The value of a compact object's member, as it is written; the last one, should the key be there twice.
 */
export function member(text: string, key: string): string | undefined {
  const head = `${JSON.stringify(key)}:`;
  return slices(text)
    .findLast((slice) => slice.startsWith(head))
    ?.slice(head.length);
}

/**
 * Compact JSON printed over many lines, as some proxies and debug modes do; `depth` is that of the value
 * itself.
 */
export function pretty(text: string, depth = 0): string {
  let [printed, inside] = ["", depth];
  let before = "";
  const line = (): string => `\n${"  ".repeat(inside)}`;
  for (const [piece] of text.matchAll(pieces)) {
    const opened = before === "[" || before === "{";
    if (piece === "]" || piece === "}") {
      inside -= 1;
      printed += opened ? piece : line() + piece;
    } else {
      if (opened || before === ",") printed += line();
      printed += piece === ":" ? ": " : piece;
    }
    if (piece === "[" || piece === "{") inside += 1;
    before = piece;
  }
  return printed;
}
