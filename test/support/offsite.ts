/** A recorder of which everything was offloaded: hours of books and journal, reports, a label. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import label from "../../functions/label.ts";
import offload from "../../functions/offload.ts";
import type { remoteSettings } from "../../functions/remote/settings.ts";
import { aRecording, type Recording } from "../functions/coverage/recording.ts";
import { contentsOf } from "./hours.ts";
import { aRemote, type RemoteKind, type TestRemote } from "./remotes.ts";
import { aRun, call, type RunOptions, type TestRun } from "./run.ts";

/** An hour after it was offloaded. */
export const now = "2026-11-22T19:10:00Z";

type Options = Partial<Pick<RunOptions<typeof remoteSettings>, "files" | "collector" | "now">>;

export interface Offsite {
  recording: Recording;
  remote: TestRemote;
  /** What was there before the machine was gone: path → hash. */
  archive: Record<string, string>;
  reports: Record<string, string>;
  run(options?: Options): TestRun<typeof remoteSettings>;
  /** The machine is gone. */
  lose(): void;
}

/** Three hours of books and journal, with final reports for two of them and a label. */
let recorded: Promise<string> | undefined;
const endings: (() => void)[] = [];
after(() => endings.forEach((end) => end()));

async function record(): Promise<string> {
  const recording = await aRecording({ after: (end) => endings.push(end) });
  await recording.polls("2026-11-22T15:00", "2026-11-22T17:50");
  await recording.seal("2026-11-22T18:02:00Z");
  await recording.report("2026-11-22T18:02:00Z");
  const run = aRun({ dataFolder: recording.dataFolder, settings: {}, now: "2026-11-22T18:05:00Z" });
  const said = { hour: "2026-11-22T15", verdict: "invalid", reason: "the clock was wrong" };
  await call(label, said, run);
  return recording.dataFolder;
}

/** All of it offloaded. */
export async function offsite(
  t: TestContext,
  kind: RemoteKind = "dir",
): Promise<Offsite | undefined> {
  const made = aRemote(t, kind);
  if (made === undefined) return undefined;
  const recording = await aRecording(t, { daemon: false });
  const { dataFolder } = recording;
  recorded ??= record();
  cpSync(await recorded, dataFolder, { recursive: true });
  const remote = { ...made, dataFolder };
  const run: Offsite["run"] = (options = {}) =>
    aRun({ dataFolder, settings: remote.settings, now, ...options });
  await call(offload, {}, run({ now: "2026-11-22T18:10:00Z" }));
  return {
    recording,
    remote,
    archive: contentsOf(join(dataFolder, "archive")),
    reports: recording.finals(),
    run,
    lose: () => rmSync(dataFolder, { recursive: true }),
  };
}

export const books = (hour: string) => ({ venue: "polymarket", stream: "books", hour });
