/** The frames as they came, in the stream `<venue>.frames`: several in one durable member, never many in memory. */
import type { Run } from "../../runtime/function.ts";
import { type HourLog, hourLog } from "../../runtime/hours/hour-log.ts";
import { hourOf, iso } from "../../runtime/time.ts";
import { openNameOf } from "../archive/layout.ts";
import { jsonLine } from "../archive/lines.ts";
import { venue } from "../polymarket/endpoints.ts";

export type LinesRun = Pick<Run, "id" | "clock" | "files" | "log"> & {
  settings: Pick<Run["settings"], "dataFolder">;
};

/** A crash costs the frames of the last moments: they are evidence beside the recording, not the recording. */
const pendingBytesMax = 1024 * 1024;

export class FrameLines {
  #run: LinesRun;
  #log: HourLog;
  #pending: Buffer[] = [];
  #bytes = 0;

  constructor(run: LinesRun) {
    const { files, clock, log, settings } = run;
    const stream = openNameOf({ venue, stream: "frames" });
    this.#run = run;
    this.#log = hourLog({ machine: { files, clock }, ...settings, stream, log });
  }

  /** What was subscribed to, and from when on frames may be missing. */
  async note(kind: "subscribed" | "lost", at: number, about: object): Promise<void> {
    await this.#add([jsonLine({ kind, at: iso(at), run: this.#run.id, ...about })]);
  }

  async frame(text: string, at: number): Promise<void> {
    const head = `{"kind":"frame","at":"${iso(at)}",`;
    // As for books: the venue's own text where it is a line of JSON, else as a JSON string.
    const isRaw = !/[\r\n]/.test(text) && isJson(text);
    await this.#add([
      Buffer.from(`${head}${isRaw ? `"raw":${text}` : `"text":${JSON.stringify(text)}`}}\n`),
    ]);
  }

  async flush(): Promise<void> {
    const lines = this.#pending;
    if (lines.length === 0) return;
    this.#pending = [];
    this.#bytes = 0;
    await this.#log.append(hourOf(this.#run.clock.now()), () => lines);
  }

  async #add(lines: readonly Buffer[]): Promise<void> {
    for (const line of lines) {
      this.#pending.push(line);
      this.#bytes += line.length;
    }
    if (this.#bytes >= pendingBytesMax) await this.flush();
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
