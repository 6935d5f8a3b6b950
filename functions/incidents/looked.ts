/**
 * Which evidence was looked at already: sealed hours and final reports never change, so once is enough. A cache in
 * `state/`: without it everything is looked at again, and finds its notes written.
 */
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { replaceFile } from "../../runtime/durable.ts";

const schema = v.object({ looked: v.array(v.string()) });

export async function readLooked(files: Files, dataFolder: string): Promise<Set<string>> {
  try {
    const text = (await files.read(pathOf(dataFolder))).toString();
    return new Set(v.parse(schema, JSON.parse(text)).looked);
  } catch {
    return new Set();
  }
}

export async function rememberLooked(
  files: Files,
  dataFolder: string,
  looked: ReadonlySet<string>,
): Promise<void> {
  const text = JSON.stringify({ looked: [...looked] } satisfies v.InferOutput<typeof schema>);
  await replaceFile(files, pathOf(dataFolder), Buffer.from(text));
}

function pathOf(dataFolder: string): string {
  return join(dataFolder, "state", "incidents.looked.json");
}
