/**
 * The picture must be legible wherever it is opened, so its geometry is worked out from the SVG's own text, with
 * glyphs taken wider than any of its fonts draws them; and, where chromium is installed, measured by a real browser.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { causes } from "../../../functions/archive/lines.ts";
import { picture } from "../../../functions/coverage/picture.ts";
import { fit, widthOf, xml } from "../../../functions/coverage/picture-text.ts";
import { reportOf } from "../../../functions/coverage/report.ts";
import { hasChromium, renderDom } from "../../support/chromium.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { aDay, anHour, head } from "./pictured.ts";

const date = "2026-11-22";
const sizes = [5, 50, 500];

/** Made once: 500 tokens take a moment. */
const made = new Map<number, Promise<string>>();

function dayPicture(tokens: number): Promise<string> {
  const known = made.get(tokens) ?? drawDay(tokens);
  made.set(tokens, known);
  return known;
}

function drawDay(tokens: number): Promise<string> {
  const noise = tokens > 100 ? 0.1 : 0.5;
  const { day, hours } = aDay({ date, tokens, cadenceMs: 60_000, seed: 3, noise });
  return picture(day, hours);
}

function hourPicture(tokens: number): Promise<string> {
  const hour = anHour({ hour: "2026-11-22T15", tokens, cadenceMs: 60_000, seed: 3, noise: 1 });
  return picture(hour, [hour]);
}

suite("the picture of a report", () => {
  for (const tokens of sizes) {
    test(`of ${tokens} tokens has no label cut off and none over another`, async () => {
      for (const svg of [await dayPicture(tokens), await hourPicture(tokens)]) {
        const boxes = boxesOf(svg);
        assert.ok(boxes.length > 20);
        assert.deepEqual(troubles(svg, boxes), []);
      }
    });
  }

  test("is one file that needs no other, and has its own colours for the dark", async () => {
    const svg = await dayPicture(50);
    assert.ok(!/href|url\(|@import|<script|<image|<foreignObject/.test(svg));
    assert.match(svg, /@media \(prefers-color-scheme:dark\)/);
    const style = /<style>([^]*)<\/style>/.exec(svg)?.[1] ?? "";
    for (const [before, after] of [style.split("@media")])
      for (const cause of causes)
        assert.ok(before?.includes(`.${cause}{`) && after?.includes(`.${cause}{`));
  });

  test("tells every colour from the paper and from what is kept, light and dark", async () => {
    const svg = await dayPicture(5);
    const [light = "", dark = ""] = svg.split("@media");
    for (const style of [light, dark]) {
      const paper = colorOf(style, "paper");
      const kept = colorOf(style, "kept");
      assert.ok(contrast(colorOf(style, "text"), paper) >= 7);
      assert.ok(contrast(colorOf(style, "soft"), paper) >= 4.5);
      const inCoverage = causes.filter(
        (each) => each !== "not-yet-watched" && each !== "market-closed",
      );
      for (const cause of inCoverage) assert.ok(contrast(colorOf(style, cause), kept) >= 2, cause);
      const colors = causes.map((cause) => colorOf(style, cause));
      assert.equal(new Set(colors).size, causes.length);
    }
  });

  test("gathers many markets into the worst ones and the rest, and says so", async () => {
    const svg = await dayPicture(500);
    assert.match(
      svg,
      /Rows are the 40 markets of 250 with the lowest coverage; the last one is all others/,
    );
    assert.match(svg, /the other 210 markets 420 tokens/);
    const few = await dayPicture(5);
    assert.match(few, /Each row is a token/);
  });

  test("has one row where nothing is missing of many markets", async () => {
    const hour = anHour({
      hour: "2026-11-22T03",
      tokens: 300,
      cadenceMs: 60_000,
      seed: 4,
      noise: 0,
    });
    assert.equal(hour.totals.missing, 0);
    const svg = await picture(hour, [hour]);
    assert.match(svg, /One row for all 150 markets: each is complete/);
    assert.equal([...svg.matchAll(/<path class="kept"/g)].length, 1);
  });

  test("shows a hole in the columns of its time, as high as its share", async () => {
    const account = { from: Date.parse("2026-11-22T15:00:00Z"), slots: 60 };
    const hour = reportOf(
      {
        from: account.from,
        to: account.from + 3_600_000,
        slots: Array.from({ length: 120 }, (_, at) => account.from + at * 30_000),
        polled: Array.from({ length: 120 }, () => true),
        // Half of the tenth minute, and all of the eleventh.
        tokens: [tokenWith(120, (at) => (at >= 19 && at < 22 ? 5 : 254))],
        polls: { scheduled: 120, byHand: 0, repeats: 0, late: 0 },
        problems: [],
      },
      head,
    );
    const svg = await picture(hour, [hour]);
    const [, path] = /<path class="network" d="([^"]+)"/.exec(svg) ?? [];
    const marks = [...(path ?? "").matchAll(/M([\d.]+) [\d.]+H([\d.]+)v([\d.]+)/g)].map((mark) =>
      mark.slice(1, 4).map(Number),
    );
    assert.deepEqual(marks, [
      [348 + 9 * 14, 348 + 10 * 14, 6],
      [348 + 10 * 14, 348 + 11 * 14, 12],
    ]);
  });

  test("keeps both ends of a name that is too long, and counts wide characters twice", () => {
    assert.equal(fit("will-it-rain-in-2027", 11), "will-…-2027");
    assert.equal(widthOf("中国"), 4);
    assert.ok(widthOf(fit("選挙の結果はどうなるか", 9)) <= 9);
    assert.equal(xml('<a & "b">\u0000\ud800'), "&lt;a &amp; &quot;b&quot;&gt;  ");
  });

  test("is drawn by a real browser with no label cut off and none over another", async (t) => {
    if (!hasChromium(t)) return;
    const folder = temporaryFolder(t);
    const page = join(folder, "page.html");
    writeFileSync(page, measuring((await Promise.all(sizes.map(dayPicture))).join("\n")));
    const measured = /<pre>([^<]*)<\/pre>/.exec(renderDom(page, folder))?.[1] ?? "[]";
    const drawn = JSON.parse(measured) as { texts: number; overlaps: []; outside: [] }[];
    assert.equal(drawn.length, sizes.length);
    for (const { texts, overlaps, outside } of drawn) {
      assert.ok(texts > 20, "it was not drawn");
      assert.deepEqual({ overlaps, outside }, { overlaps: [], outside: [] });
    }
  });
});

interface Box {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

// Wider than any fixed font that the picture names draws at 12 px; DejaVu Sans Mono takes 7.23.
const charPx = 7.4;
const [abovePx, belowPx] = [10, 3];

function boxesOf(svg: string): Box[] {
  const texts = svg.matchAll(
    /<text x="([\d.]+)" y="([\d.]+)"(?: class="([^"]*)")?>([^<]*)<\/text>/g,
  );
  return [...texts].map(([, x = "", y = "", classes = "", content = ""]) => {
    const text = content
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&");
    const width = widthOf(text) * charPx;
    const left = classes.includes("end")
      ? +x - width
      : classes.includes("mid")
        ? +x - width / 2
        : +x;
    return { text, left, right: left + width, top: +y - abovePx, bottom: +y + belowPx };
  });
}

/** What lies over something else, or outside. */
function troubles(svg: string, boxes: readonly Box[]): string[] {
  const [, width = "", height = ""] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
  const found: string[] = [];
  const marks = [...svg.matchAll(/M([\d.]+) ([\d.]+)H([\d.]+)v([\d.]+)/g)].map(
    ([, left = "", top = "", right = "", high = ""]) => ({
      left: +left,
      top: +top,
      right: +right,
      bottom: +top + +high,
    }),
  );
  for (const [position, box] of boxes.entries()) {
    if (box.left < 0 || box.top < 0 || box.right > +width || box.bottom > +height)
      found.push(`outside: ${box.text}`);
    for (const other of boxes.slice(position + 1))
      if (isOver(box, other)) found.push(`${box.text} over ${other.text}`);
    for (const mark of marks) if (isOver(box, mark)) found.push(`${box.text} over a mark`);
  }
  return found;
}

type Edges = Omit<Box, "text">;

function isOver(a: Edges, b: Edges): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function tokenWith(slots: number, codeAt: (at: number) => number) {
  const states = Uint8Array.from({ length: slots }, (_, at) => codeAt(at));
  const market = { market: "0x1", outcome: "Yes", slug: "will-it", since: 0, closed: Infinity };
  const unchanged = states.filter((code) => code === 254).length;
  return { row: 0, token: "11", ...market, states, recorded: 0, unchanged };
}

function colorOf(style: string, name: string): string {
  return new RegExp(`[.}]${name}\\{(?:fill|stroke):(#[0-9a-f]{6})`).exec(style)?.[1] ?? "";
}

/** As WCAG 2 defines it. */
function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** A page that writes down what its browser measured of each picture. */
function measuring(svgs: string): string {
  return `<!doctype html><meta charset="utf-8"><body style="margin:0">${svgs}<script>
    const over = (a, b) =>
      a.x < b.x + b.width && b.x < a.x + a.width && a.y + 2 < b.y + b.height - 2 && b.y + 2 < a.y + a.height - 2;
    const found = [...document.querySelectorAll("svg")].map((svg) => {
      const { width, height } = svg.viewBox.baseVal;
      const boxes = [...svg.querySelectorAll("text")].map((text) => ({ text: text.textContent, box: text.getBBox() }));
      const overlaps = [];
      boxes.forEach((one, at) => boxes.slice(at + 1).forEach((other) => {
        if (over(one.box, other.box)) overlaps.push(one.text + " over " + other.text);
      }));
      const outside = boxes
        .filter(({ box }) => box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height)
        .map(({ text }) => text);
      return { texts: boxes.length, overlaps, outside };
    });
    const pre = document.createElement("pre");
    pre.textContent = JSON.stringify(found);
    document.body.replaceChildren(pre);
  </script></body>`;
}
