/**
 * What the service manager hears. Its journal takes stderr, where systemd connected it and nobody put something else
 * in between. systemd's ear: a datagram socket, to which Node cannot write, so `systemd-notify` does. Started directly and not
 * through execa, which would take 20 MB of an idle runtime for a program without input or output.
 */
import { execFile } from "node:child_process";
import { fstatSync } from "node:fs";
import { promisify } from "node:util";

/** Tells systemd some `NAME=value`; rejects if it could not be told. */
export type Notify = (assignments: readonly string[]) => Promise<void>;

// It answers in 10 ms, and waits up to 5 s for a systemd that is busy.
const notifyMsMax = 6_000;

export function systemNotify(socket: string): Notify {
  const env = { PATH: process.env["PATH"], NOTIFY_SOCKET: socket };
  const options = { env, timeout: notifyMsMax, killSignal: "SIGKILL" } as const;
  return async (assignments) => {
    await promisify(execFile)("systemd-notify", [...assignments], options);
  };
}

const stderrDescriptor = 2;

/** Whether stderr is the journal itself: `JOURNAL_STREAM` is inherited, also by children that write elsewhere. */
export function isJournal(stream = process.env["JOURNAL_STREAM"]): boolean {
  if (stream === undefined) return false;
  const { dev, ino } = fstatSync(stderrDescriptor);
  return stream === `${dev}:${ino}`;
}
