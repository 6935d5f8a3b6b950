/** A story on a fake Drive: hours to bring there, what goes wrong, and the promise, looked at in the end. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import type { remoteSettings } from "../../functions/remote/settings.ts";
import type { Run } from "../../runtime/function.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { hourMs } from "../../runtime/time.ts";
import { doubled, type Ledger, ledgerOf, lost } from "../drive/ledger.ts";
import { type DriveOptions, type DriveRemote, aDrive, driveFolder } from "./drive.ts";
import { type HourSpec, writeHour } from "./hours.ts";
import { aRun, call } from "./run.ts";
import { type HastyClock, hastyClock } from "./hasty-clock.ts";

export interface Story extends DriveRemote {
  run: Run<typeof remoteSettings> & { clock: HastyClock };
  ledger: Ledger;
  /** Relative to the archive: the data file of the older hour. */
  data: string;
  /** The older hour is no longer where it was. */
  hasLeft(): boolean;
  forgetReceipts(): void;
  offload(input?: Record<string, unknown>): ReturnType<typeof offload.run>;
  /** Gives back whatever is proven, but for the newest hour. */
  prune(): ReturnType<typeof prune.run>;
  /** The next time: nothing goes wrong any more, and hours have passed. All is there, once, and the old hour goes. */
  finish(): Promise<void>;
}

export interface StoryOptions extends DriveOptions {
  hours?: readonly HourSpec[];
}

const twoHours: readonly HourSpec[] = [{ hour: "2026-11-20T10" }, { hour: "2026-11-22T14" }];

/** Whatever happens: a local file is gone only while the Drive holds exactly one object with its bytes. */
export async function aStory(
  t: TestContext,
  options: StoryOptions = {},
): Promise<Story | undefined> {
  // Before the folders go, which are registered to go after this.
  let check = (): void => {};
  t.after(() => check());
  const remote = await aDrive(t, options);
  if (remote === undefined) return undefined;
  const { dataFolder, settings, children, drive } = remote;
  const [first] = (options.hours ?? twoHours).map((hour) => writeHour(dataFolder, hour));
  const ledger = ledgerOf(dataFolder);
  const clock = hastyClock(Date.parse("2026-11-22T16:10:00Z"));
  const run = { ...aRun({ dataFolder, settings, children, now: "2026-11-22T16:10:00Z" }), clock };
  check = () => {
    assert.deepEqual(lost(ledger, { dataFolder, objects: drive.objects, driveFolder }), []);
    assert.deepEqual(drive.strange, []);
  };
  const story: Story = {
    ...remote,
    run,
    ledger,
    data: first?.data ?? "",
    hasLeft: () => !existsSync(join(dataFolder, "archive", first?.data ?? "")),
    forgetReceipts: () => rmSync(join(dataFolder, "receipts"), { recursive: true }),
    offload: (input = {}) => call(offload, input, { ...run, id: `run-${clock.now()}` }),
    prune: () => call(prune, { keepDates: 0 }, run),
    async finish() {
      drive.faults.clear();
      drive.objects.catchUp();
      clock.step(2 * hourMs);
      const { files } = await story.offload();
      const open = Object.entries(files).filter(
        ([state, some]) => state !== "verified" && some > 0,
      );
      assert.deepEqual(open, []);
      clock.step(2 * hourMs);
      const { deleted } = await story.prune();
      assert.deepEqual(deleted, ["polymarket/books/2026-11-20T10"]);
      assert.deepEqual(doubled(drive), []);
    },
  };
  return story;
}

/** What an operator is told, and the result that comes with it; also where nothing fails. */
export async function told<R extends object>(
  promise: Promise<R>,
): Promise<{ code: string; details: string; next: string; result: R }> {
  try {
    return { code: "", details: "", next: "", result: await promise };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const { code, details, next = "", result } = error;
    return { code, details: details.join("\n"), next, result: result as R };
  }
}
