/** JSON together with the lines that its values stand on, so that a problem can be found in an editor. */
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

export interface JsonDocument {
  value: unknown;
  /** The line of the key at `path`, or of the nearest thing around it. The first line is 1. */
  lineOf(path: readonly string[]): number;
  /** Keys that stand twice in one object, of which JSON would silently drop the first. */
  duplicates: Duplicate[];
}

export interface Duplicate {
  path: string[];
  line: number;
  firstLine: number;
}

export interface SyntaxProblem {
  line: number;
  column: number;
  rule: string;
}

/** The document, or the first place where it is no JSON: all later ones follow from it. */
export function readJson(text: string): JsonDocument | SyntaxProblem {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const [error] = errors;
  if (error !== undefined) return { ...positionAt(text, error.offset), rule: syntaxRule(error) };
  if (root === undefined) return { line: 1, column: 1, rule: "the file is empty" };
  const lineAt = (offset: number): number => positionAt(text, offset).line;
  return {
    value: JSON.parse(text),
    lineOf: (path) => lineAt(offsetOf(root, path)),
    duplicates: duplicatesIn(root, [], lineAt),
  };
}

function offsetOf(root: Node, path: readonly string[]): number {
  let node = root;
  let { offset } = root;
  for (const key of path) {
    const found = childOf(node, key);
    if (found === undefined) break;
    ({ offset } = found);
    node = found.type === "property" ? (found.children?.[1] ?? found) : found;
  }
  return offset;
}

// Of a key that stands twice, the last: its value is the one that JSON.parse keeps.
function childOf(node: Node, key: string): Node | undefined {
  const children = node.children ?? [];
  if (node.type === "array") return children[Number(key)];
  return children.findLast((child) => child.children?.[0]?.value === key);
}

function duplicatesIn(node: Node, path: string[], lineAt: (offset: number) => number): Duplicate[] {
  const found: Duplicate[] = [];
  const firstOffsets = new Map<string, number>();
  (node.children ?? []).forEach((child, index) => {
    if (child.type !== "property") {
      found.push(...duplicatesIn(child, [...path, String(index)], lineAt));
      return;
    }
    const [key, value] = child.children ?? [];
    const keyPath = [...path, String(key?.value)];
    const firstOffset = firstOffsets.get(String(key?.value));
    if (firstOffset === undefined) firstOffsets.set(String(key?.value), child.offset);
    else found.push({ path: keyPath, line: lineAt(child.offset), firstLine: lineAt(firstOffset) });
    if (value !== undefined) found.push(...duplicatesIn(value, keyPath, lineAt));
  });
  return found;
}

function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

const rules: Record<string, string> = {
  InvalidSymbol: "this is no JSON; keys and texts need double quotes",
  InvalidNumberFormat: "this is no number that JSON knows",
  PropertyNameExpected: "a key in double quotes must stand here, or the comma before it must go",
  ValueExpected: "a value must stand here",
  ColonExpected: 'a ":" must stand between key and value',
  CommaExpected: 'a "," must stand before the next entry',
  CloseBraceExpected: 'a "{" is never closed by "}"',
  CloseBracketExpected: 'a "[" is never closed by "]"',
  EndOfFileExpected: "nothing may follow the end of the outermost {…}",
  InvalidCommentToken: "JSON has no comments",
  UnexpectedEndOfComment: "JSON has no comments",
  UnexpectedEndOfString: "a text is not closed on its line",
  UnexpectedEndOfNumber: "a number ends too early",
  InvalidEscapeCharacter: "this text holds an escape that JSON does not know",
  InvalidUnicode: "this text holds an escape that JSON does not know",
  InvalidCharacter: "this text holds a control character, which must be escaped",
};

function syntaxRule(error: ParseError): string {
  const name = printParseErrorCode(error.error);
  return rules[name] ?? name;
}
