/** What the journal says of one function around a time: its own lines, and when the runtime was there at all. */
import type { Files } from "./doors/files.ts";
import type { CoreSettings } from "./function.ts";
import { listJournalHours, readJournal } from "./journal-read.ts";
import type { JournalLine, JournalLineOf, ScheduledFunctions } from "./journal-lines.ts";
import { hourOf } from "./time.ts";

export interface Evidence {
  /** Of this function, in the order of writing. */
  begins: JournalLineOf<"begin">[];
  ends: Map<string, JournalLineOf<"end">>;
  interrupted: Map<string, JournalLineOf<"interrupted">>;
  skips: JournalLineOf<"skip">[];
  missed: JournalLineOf<"missed">[];
  /** Its entry from each time on; `undefined` where it has none. */
  entries: { from: number; entry: ScheduledFunctions[string] | undefined }[];
  downtimes: Downtime[];
  unwritten: JournalLineOf<"unwritten">[];
  /** The oldest line's time, epoch ms; `undefined` if there is no line at all. */
  oldest: number | undefined;
}

export interface Downtime {
  /** When something was fired last, exclusive. Epoch ms. */
  from: number;
  /** When it was started again, inclusive; `Infinity` if it was not. */
  to: number;
  /** Its last words, if it had any. */
  stop: { at: string; reason: string } | undefined;
}

/** Up to so many journal hours before the time are read, and two after it, where runs end and starts stand. */
const hoursBeforeMax = 48;
const hoursAfter = 2;

export async function readEvidence(
  files: Files,
  place: CoreSettings,
  { name, at, isRunning }: { name: string; at: number; isRunning: boolean },
): Promise<Evidence> {
  const all = await listJournalHours(files, place);
  const hour = hourOf(at);
  const hours = [
    ...all.filter((other) => other <= hour).slice(-hoursBeforeMax),
    ...all.filter((other) => other > hour).slice(0, hoursAfter),
  ];
  const gathering = new Gathering(name);
  for await (const line of readJournal(files, place, hours, gathering.filter)) gathering.take(line);
  return gathering.end(!isRunning || hours.at(-1) !== all.at(-1));
}

class Gathering {
  #name: string;
  #ownText: string;
  #lastFired = -Infinity;
  #stop: Downtime["stop"];
  #found: Evidence = {
    begins: [],
    ends: new Map(),
    interrupted: new Map(),
    skips: [],
    missed: [],
    entries: [],
    downtimes: [],
    unwritten: [],
    oldest: undefined,
  };

  constructor(name: string) {
    this.#name = name;
    this.#ownText = `"function":${JSON.stringify(name)}`;
  }

  /** Of other functions' lines only the time counts, which is cheaper had than by parsing. */
  filter = (bytes: Buffer): boolean => {
    const head = bytes.toString("latin1", 0, headBytes);
    const [, kind = "", time = ""] = /^\{"kind":"(\w+)","at":"([^"]+)"/.exec(head) ?? [];
    const at = Date.parse(time);
    if (Number.isNaN(at)) return false;
    this.#found.oldest = Math.min(this.#found.oldest ?? Infinity, at);
    const isOwn = bytes.includes(this.#ownText);
    if (isFiring(kind, bytes)) this.#lastFired = at;
    return isOwn || isOfAll.has(kind);
  };

  take(line: JournalLine): void {
    const found = this.#found;
    if (line.kind === "schedule" && line.by === "daemon") this.#takeSchedule(line);
    if (line.kind === "start") this.#takeStart(line);
    // From the first of the two on nothing is fired any more.
    if (line.kind === "stopping" || line.kind === "stop") this.#stop ??= line;
    if (line.kind === "unwritten") found.unwritten.push(line);
    if (!("function" in line) || line.function !== this.#name) return;
    if (line.kind === "begin") found.begins.push(line);
    if (line.kind === "end") found.ends.set(line.run, line);
    if (line.kind === "interrupted") found.interrupted.set(line.run, line);
    if (line.kind === "skip") found.skips.push(line);
    if (line.kind === "missed") found.missed.push(line);
  }

  /** `isOver`: no runtime goes on behind the last line. */
  end(isOver: boolean): Evidence {
    const isStopped = isOver && this.#lastFired > -Infinity;
    if (isStopped || this.#stop !== undefined)
      this.#found.downtimes.push({ from: this.#lastFired, to: Infinity, stop: this.#stop });
    return this.#found;
  }

  #takeSchedule(line: JournalLineOf<"schedule">): void {
    const entry = line.functions[this.#name];
    const last = this.#found.entries.at(-1);
    // Every hour opens with it: only a change is news.
    if (last !== undefined && JSON.stringify(last.entry) === JSON.stringify(entry)) return;
    this.#found.entries.push({ from: Date.parse(line.at), entry });
  }

  // Between its last firing and its next start it was draining, stopped or dead: to a slot that is all the same.
  #takeStart(line: JournalLineOf<"start">): void {
    this.#found.downtimes.push({
      from: this.#lastFired,
      to: Date.parse(line.at),
      stop: this.#stop,
    });
    this.#stop = undefined;
  }
}

const headBytes = 80;
const isOfAll = new Set(["schedule", "start", "stopping", "stop", "unwritten"]);

function isFiring(kind: string, bytes: Buffer): boolean {
  if (kind === "begin") return !bytes.includes('"trigger":"hand"');
  return kind === "missed" || (kind === "skip" && !bytes.includes('"scheduled":null'));
}
