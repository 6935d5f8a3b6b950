/** Numbers, names and tables as Markdown. */

export function table(
  heads: readonly string[],
  sides: string | readonly string[],
  rows: readonly string[][],
): string {
  const rule = Array.from(sides, (side) => (side === "r" ? "---:" : "---"));
  return [heads, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

export function n(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 slot`, `1,200 slots`. */
export function counted(count: number, noun: string): string {
  return `${n(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A venue's text in a cell: it must end neither the cell nor the line. */
export function cell(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ").replaceAll("|", "\\|");
}
