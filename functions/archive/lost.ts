/**
 * What is lost, here and on the remote: on record for good, as incident notes that scrub writes, each once, and that
 * are offloaded and restored like the rest. Whoever shows the archive reads it here.
 */
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { errnoOf } from "../../runtime/errors.ts";
import type { HourId } from "./layout.ts";

const noteSchema = v.object({
  kind: v.literal("incident"),
  code: v.literal("LOST"),
  collector: v.string(),
  venue: v.string(),
  stream: v.string(),
  hour: v.string(),
  found: v.string(),
  /** Relative to the data folder. */
  files: v.array(v.string()),
});

export interface LostNote extends HourId {
  /** Of the note, relative to the data folder. */
  path: string;
  collector: string;
  /** When it was found lost. */
  found: string;
  files: string[];
}

const lostName = /^[^.]+\.lost\..*\.json$/;

/** In the order of their hours. */
export async function* lostNotes(
  files: Files,
  dataFolder: string,
  folder = "incidents",
): AsyncGenerator<LostNote> {
  for (const { name, isFolder } of await files.list(join(dataFolder, folder))) {
    const path = `${folder}/${name}`;
    if (isFolder) yield* lostNotes(files, dataFolder, path);
    else if (lostName.test(name)) {
      const note = await readNote(files, dataFolder, path);
      if (note !== undefined) yield note;
    }
  }
}

async function readNote(
  files: Files,
  dataFolder: string,
  path: string,
): Promise<LostNote | undefined> {
  try {
    const text = (await files.read(join(dataFolder, path))).toString();
    return { ...v.parse(noteSchema, JSON.parse(text)), path };
  } catch (error) {
    // A damaged note: its Markdown beside it says the same, and scrub writes what it finds lost once more.
    if (errnoOf(error) === undefined) return undefined;
    throw error;
  }
}
