/**
 * Tokens that made the venue refuse a whole batch: asked for alone the next time, so that the search for them
 * is not repeated at every poll. A cache in `state/`: without it the search is repeated.
 */
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { replaceFile } from "../../runtime/durable.ts";

/** Each costs a request of its own. */
const refusedMax = 10;
const schema = v.array(v.string());

export async function readRefused(files: Files, dataFolder: string): Promise<Set<string>> {
  try {
    return new Set(v.parse(schema, JSON.parse((await files.read(pathOf(dataFolder))).toString())));
  } catch {
    return new Set();
  }
}

export async function rememberRefused(
  files: Files,
  dataFolder: string,
  before: ReadonlySet<string>,
  refused: readonly string[],
): Promise<void> {
  const kept = refused.slice(0, refusedMax);
  if (kept.length === before.size && kept.every((token) => before.has(token))) return;
  try {
    await replaceFile(files, pathOf(dataFolder), Buffer.from(JSON.stringify(kept)));
  } catch {
    // Only a cache: on a full disk the search is repeated.
  }
}

function pathOf(dataFolder: string): string {
  return join(dataFolder, "state", "refused-polymarket.json");
}
