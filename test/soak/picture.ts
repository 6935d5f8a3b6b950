/** Memory and lateness over the time of a soak, as one SVG that needs nothing beside it. */
import type { JournalFacts } from "./journal-facts.ts";
import type { Life } from "./lives.ts";

interface Plot {
  title: string;
  unit: string;
  /** Broken where the daemon was not there. */
  lines: (readonly [at: number, value: number][])[];
}

const [width, height, left, gap] = [900, 180, 70, 60];
/** No screen shows more. */
const pointsMax = width - left;

export function soakPicture(lives: readonly Life[], late: JournalFacts["late"]): string {
  const from = lives[0]?.from ?? 0;
  const to = Math.max(from + 1, lives.at(-1)?.to ?? 0);
  const memory = lives.map(({ samples }) =>
    samples.map(({ at, rssKB }): [number, number] => [at, rssKB / 1024]),
  );
  const lateness = lives.map((life) => late.filter(([at]) => at >= life.from && at <= life.to));
  const plots: Plot[] = [
    { title: "memory (VmRSS)", unit: "MB", lines: memory },
    { title: "lateness, the worst of each stretch", unit: "ms", lines: lateness },
  ];
  const drawn = plots.map((plot, nth) => draw(plot, { from, to }, nth * (height + gap) + gap / 2));
  const total = plots.length * (height + gap);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + 20} ${total}" role="img">
<style>text{font:12px sans-serif;fill:#1b1f24}.paper{fill:#fff}.grid{stroke:#d0d7de}.line{fill:none;stroke:#0b5cad;stroke-width:1.5}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.grid{stroke:#30363d}.line{stroke:#4da3ff}}</style>
<rect class="paper" width="100%" height="100%"/>
${drawn.join("\n")}
</svg>
`;
}

function draw(plot: Plot, { from, to }: { from: number; to: number }, top: number): string {
  const highest = Math.max(1, ...plot.lines.flat().map(([, value]) => value));
  const x = (at: number): number => left + ((at - from) / (to - from)) * (width - left);
  const y = (value: number): number => top + height - (value / highest) * height;
  const rules = [0, highest / 2, highest].map(
    (value) =>
      `<line class="grid" x1="${left}" x2="${width}" y1="${fixed(y(value))}" y2="${fixed(y(value))}"/>` +
      `<text x="${left - 6}" y="${fixed(y(value) + 4)}" text-anchor="end">${Math.round(value)} ${plot.unit}</text>`,
  );
  const lines = plot.lines
    .map((line) => worstOf(line, from, to))
    .filter((line) => line.length > 0)
    .map((line) => line.map(([at, value]) => `${fixed(x(at))},${fixed(y(value))}`).join(" "))
    .map((points) => `<polyline class="line" points="${points}"/>`);
  const clock = (at: number): string => new Date(at).toISOString().slice(5, 16).replace("T", " ");
  const ends =
    `<text x="${left}" y="${top + height + 16}">${clock(from)}</text>` +
    `<text x="${width}" y="${top + height + 16}" text-anchor="end">${clock(to)} UTC</text>`;
  return `<text x="${left}" y="${top - 8}">${plot.title}</text>${rules.join("")}${lines.join("")}${ends}`;
}

/** Of each pixel's stretch the highest value. */
function worstOf(line: Plot["lines"][number], from: number, to: number): [number, number][] {
  const worst = new Map<number, [number, number]>();
  for (const [at, value] of line) {
    const stretch = Math.floor(((at - from) / (to - from)) * pointsMax);
    if (value >= (worst.get(stretch)?.[1] ?? -1)) worst.set(stretch, [at, value]);
  }
  return [...worst.values()];
}

function fixed(value: number): string {
  return value.toFixed(1);
}
