/** What lies in an archive, read by plain gunzip and JSON: nothing of the product is asked. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Files } from "../../runtime/doors/files.ts";

export interface Line {
  kind: string;
  [name: string]: unknown;
}

/** Every file below a folder, its path → the hash of its bytes. */
export function hashesBelow(folder: string): Map<string, string> {
  const hashes = new Map<string, string>();
  if (!existsSync(folder)) return hashes;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    hashes.set(
      path.slice(folder.length + 1),
      createHash("sha256").update(readFileSync(path)).digest("hex"),
    );
  }
  return hashes;
}

/** Every line of a stream's open hours, on any disk. */
export async function openLines(
  files: Pick<Files, "list" | "read">,
  stream: string,
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { name } of await files.list("/data/open")) {
    if (!name.startsWith(stream) || !name.endsWith(".jsonl.gz")) continue;
    const bytes = await files.read(`/data/open/${name}`);
    const text = bytes.length === 0 ? "" : gunzipSync(bytes).toString();
    for (const line of text.split("\n").slice(0, -1)) lines.push(JSON.parse(line) as Line);
  }
  return lines;
}

/** Stream and hour → the texts of its lines, wherever its sealed file lies now. */
export function sealedLines(root: string): Map<string, string[]> {
  const hours = new Map<string, string[]>();
  const folders = [join(root, "data", "archive"), join(root, "offsite")];
  for (const folder of folders) {
    for (const path of hashesBelow(folder).keys()) {
      const [, stream, date, hour] =
        /stream=(\w+)\/date=([\d-]+)\/hour=(\d+)\/[^./]+\.jsonl\.gz$/.exec(path) ?? [];
      const key = `${stream} ${date}T${hour}`;
      if (stream === undefined || hours.has(key)) continue;
      hours.set(key, textsIn(join(folder, path)));
    }
  }
  return hours;
}

// One that cannot be read holds nothing; that it changed is found apart.
function textsIn(path: string): string[] {
  try {
    return gunzipSync(readFileSync(path)).toString().split("\n").slice(0, -1);
  } catch {
    return [];
  }
}

/**
 * The text in force of a token at a poll, by the words of docs/archive-format.md: `null` if it is missing there,
 * `undefined` if that is not known.
 */
export function inForce(
  lines: readonly Line[],
  poll: number,
  token: string,
): string | null | undefined {
  const account = lines.find((line) => line.kind === "poll" && line["poll"] === poll);
  const missing = account?.["missing"] as { token: string }[] | undefined;
  if (missing?.some((one) => one.token === token)) return null;
  const books = lines.filter(
    (line) => line.kind === "book" && line["token"] === token && Number(line["poll"]) <= poll,
  );
  const last = books.at(-1);
  if (last === undefined) return undefined;
  const holes = lines.filter(
    (line) =>
      line.kind === "lost" &&
      Number(line["before"]) <= poll &&
      Number(line["before"]) > Number(last["poll"]),
  );
  return holes.length > 0 ? undefined : JSON.stringify(last["raw"]);
}
