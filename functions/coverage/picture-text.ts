/**
 * Text that is sure to fit. One font of fixed width, so that its place can be worked out without a browser;
 * characters outside Latin, Greek and Cyrillic count as two, as fixed fonts draw them.
 */

/** Pixels at `fontPx`: wider than any of the fonts that `fontFamily` names draws a character. */
export const charPx = 7.4;
export const fontPx = 12;
export const fontFamily =
  "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";

export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += isNarrow(char) ? 1 : 2;
  return width;
}

/** At most so many characters wide; what is too long loses its middle, since names differ at both ends. */
export function fit(text: string, charsMax: number): string {
  if (widthOf(text) <= charsMax) return text;
  const chars = Array.from(text);
  const half = (charsMax - 1) / 2;
  let [head, tail] = ["", ""];
  while (widthOf(head + (chars[0] ?? "")) <= Math.ceil(half)) head += chars.shift();
  while (widthOf((chars.at(-1) ?? "") + tail) <= Math.floor(half)) tail = chars.pop() + tail;
  return `${head}…${tail}`;
}

/** A venue's text inside an element or a quoted attribute. */
export function xml(text: string): string {
  return Array.from(text, (char) => escapes[char] ?? (isAllowed(char) ? char : " ")).join("");
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function isNarrow(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  return code < 0x0530 || code === 0x2026;
}

/** What XML 1.0 can hold at all; half a surrogate pair it cannot. */
function isAllowed(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  return code >= 0x20 && code !== 0xfffe && code !== 0xffff && (code < 0xd800 || code > 0xdfff);
}
