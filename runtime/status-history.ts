/** What the journal says of the time before now, gathered newest hour first and no further back than needed. */
import type { Files } from "./doors/files.ts";
import type { CoreSettings } from "./function.ts";
import { type LineFilter, listJournalHours, readJournal } from "./journal-read.ts";
import type { JournalLine, JournalLineOf } from "./journal-lines.ts";
import { type FunctionHistory, functionHistory } from "./status-function.ts";
import { dayMs, hourOf } from "./time.ts";

export interface History {
  /** In force, or last in force. */
  schedule: JournalLineOf<"schedule"> | undefined;
  /** Newer than that, and not taken. */
  refused: JournalLineOf<"refused"> | undefined;
  stop: JournalLineOf<"stop"> | undefined;
  functions: ReadonlyMap<string, FunctionHistory>;
}

/** Looks no further back for a function's last run and last success. */
const journalHoursMax = 48;

export async function readHistory(
  files: Files,
  place: CoreSettings,
  now: number,
): Promise<History> {
  const found: Found = { functions: new Map() };
  const dayFrom = now - dayMs;
  const hours = await listJournalHours(files, place, journalHoursMax);
  for (const hour of hours.toReversed()) {
    const isOfDay = hour >= hourOf(dayFrom);
    if (!isOfDay && isComplete(found)) break;
    const older: Found = { functions: new Map() };
    const filter = isOfDay ? undefined : soughtIn(found);
    for await (const line of readJournal(files, place, [hour], filter)) take(older, line, dayFrom);
    prepend(found, older);
  }
  const { schedule, refused, stop, functions } = found;
  return { schedule, refused, stop, functions };
}

interface Found {
  schedule?: JournalLineOf<"schedule">;
  refused?: JournalLineOf<"refused"> | undefined;
  stop?: JournalLineOf<"stop">;
  functions: Map<string, FunctionHistory>;
}

function take(found: Found, line: JournalLine, dayFrom: number): void {
  if (line.kind === "schedule") {
    // What a run by hand found in the file is not in force, unless nothing else is known.
    if (line.by === "daemon" || found.schedule?.by !== "daemon") found.schedule = line;
    if (line.by === "daemon") found.refused = undefined;
  }
  if (line.kind === "refused") found.refused = line;
  if (line.kind === "stop") found.stop = line;
  if ("function" in line) {
    const known = found.functions.get(line.function) ?? functionHistory();
    found.functions.set(line.function, known);
    known.take(line, Date.parse(line.at) >= dayFrom);
  }
}

/** What an older hour says counts where the newer ones said nothing. */
function prepend(found: Found, older: Found): void {
  // A refusal is said in each hour for as long as it stands.
  if (found.schedule?.by !== "daemon" && older.schedule !== undefined) {
    if (found.schedule === undefined || older.schedule.by === "daemon") {
      found.schedule = older.schedule;
      found.refused ??= older.refused;
    }
  }
  if (found.stop === undefined && older.stop !== undefined) found.stop = older.stop;
  for (const [name, history] of older.functions) {
    const known = found.functions.get(name);
    if (known === undefined) found.functions.set(name, history);
    else known.prepend(history);
  }
}

function isComplete({ schedule, functions }: Found): boolean {
  const scheduled = Object.keys(schedule?.functions ?? {});
  return schedule?.by === "daemon" && scheduled.every((name) => functions.get(name)?.isComplete());
}

// A poll every few seconds fills an hour with lines; only those of functions still sought are parsed.
function soughtIn({ functions }: Found): LineFilter {
  const known = [...functions].filter(([, history]) => history.isComplete());
  const texts = known.map(([name]) => `"function":${JSON.stringify(name)}`);
  return (bytes) => !texts.some((text) => bytes.includes(text));
}
