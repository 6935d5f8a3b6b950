/** What the journal knows of earlier processes: the newest slots that came up, and runs that never ended. */
import type { Files } from "./doors/files.ts";
import type { CoreSettings } from "./function.ts";
import { listJournalHours, readJournal } from "./journal-read.ts";
import type { JournalLine, JournalLineOf } from "./journal-lines.ts";

export interface Past {
  /** Of the newest line; `undefined` if nothing was ever run. */
  newestAt: number | undefined;
  newestSlots: Map<string, number>;
  /** Runs that began and are not known to have ended. */
  unfinished: JournalLineOf<"begin">[];
}

/** Reads the newest hours of the journal, however long ago they were. */
export async function readPast(files: Files, place: CoreSettings, hoursMax: number): Promise<Past> {
  const hours = await listJournalHours(files, place, hoursMax);
  const past: Past = { newestAt: undefined, newestSlots: new Map(), unfinished: [] };
  const begun = new Map<string, JournalLineOf<"begin">>();
  for await (const line of readJournal(files, place, hours)) {
    past.newestAt = Math.max(past.newestAt ?? 0, Date.parse(line.at));
    if (line.kind === "begin") begun.set(line.run, line);
    if (line.kind === "end" || line.kind === "interrupted") begun.delete(line.run);
    noteSlot(past.newestSlots, line);
  }
  past.unfinished = [...begun.values()];
  return past;
}

function noteSlot(newestSlots: Map<string, number>, line: JournalLine): void {
  if (line.kind !== "begin" && line.kind !== "skip") return;
  if (line.scheduled === null) return;
  const slot = Date.parse(line.scheduled);
  if (slot > (newestSlots.get(line.function) ?? -Infinity)) newestSlots.set(line.function, slot);
}
