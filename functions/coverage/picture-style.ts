/**
 * The picture's colours, light and dark. Warm: the recorder's own holes; cool: network and venue; grey: nothing could
 * be recorded. Fixed values, not variables, since not every viewer knows those.
 */
import { type Cause, causes } from "../archive/lines.ts";
import { fontFamily, fontPx } from "./picture-text.ts";

const causeColors: Record<Cause, [light: string, dark: string]> = {
  "not-running": ["#b42318", "#ff6b5e"],
  skipped: ["#e8590c", "#ff9f4a"],
  late: ["#b88600", "#f2cc4d"],
  clock: ["#7a4f01", "#b98a4b"],
  disk: ["#9f1853", "#ff7eb6"],
  network: ["#0b5cad", "#4da3ff"],
  "venue-429": ["#0e8a8a", "#2fd0d0"],
  "venue-4xx": ["#6478e8", "#a5b4ff"],
  "venue-5xx": ["#6f42c1", "#b78cff"],
  "venue-timeout": ["#1e2f7a", "#5e7bea"],
  omitted: ["#4d7c0f", "#a6d13f"],
  quarantined: ["#c026d3", "#f29bff"],
  damaged: ["#5c2a2a", "#cf9a9a"],
  "not-yet-watched": ["#b3bcc6", "#4d5661"],
  "market-closed": ["#7d8894", "#79838e"],
  unknown: ["#000000", "#ffffff"],
};

type Part = [selector: string, property: string, light: string, dark: string];

const parts: Part[] = [
  [".paper", "fill", "#ffffff", "#0d1117"],
  ["text", "fill", "#1b1f24", "#e6edf3"],
  [".soft", "fill", "#59636e", "#9aa4af"],
  [".kept", "fill", "#d5ecdd", "#1d3a29"],
  [".grid", "stroke", "#d0d7de", "#30363d"],
  [".line", "stroke", "#1a7f37", "#3fb950"],
  ...causes.map(partOf),
];

export function pictureStyle(): string {
  const rules = (pick: (part: Part) => string): string =>
    parts.map((part) => `${part[0]}{${part[1]}:${pick(part)}}`).join("");
  return [
    `text{font:${fontPx}px ${fontFamily};white-space:pre}`,
    ".title{font-weight:bold}.end{text-anchor:end}.mid{text-anchor:middle}",
    ".grid,.line{fill:none;stroke-width:1}.line{stroke-width:2}",
    rules(([, , light]) => light),
    `@media (prefers-color-scheme:dark){${rules(([, , , dark]) => dark)}}`,
  ].join("\n");
}

function partOf(cause: Cause): Part {
  const [light, dark] = causeColors[cause];
  return [`.${cause}`, "fill", light, dark];
}
