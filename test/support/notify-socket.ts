/**
 * A socket as systemd's, with what came in and when. In Python, since Node has no unix datagrams; it drops the
 * descriptor that `systemd-notify` sends along, which is what tells that the message was seen.
 */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { once } from "node:events";
import type { TestContext } from "node:test";

const script = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True: print(s.recv(65536).decode().replace("\\n", "|"), flush=True)
`;

export interface NotifySocket {
  path: string;
  /** Messages, and the milliseconds at which they came. */
  heard: { text: string; at: number }[];
  /** Settles when so many that match were heard. */
  hears(pattern: RegExp, times?: number): Promise<void>;
}

export async function openNotifySocket(t: TestContext, folder: string): Promise<NotifySocket> {
  const path = join(folder, "notify.sock");
  const listener = spawn("python3", ["-c", script, path], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => listener.kill("SIGKILL"));
  const heard: NotifySocket["heard"] = [];
  const lines = createInterface({ input: listener.stdout });
  await once(lines, "line");
  lines.on("line", (text) => {
    if (text !== "BARRIER=1") heard.push({ text, at: performance.now() });
  });
  return {
    path,
    heard,
    async hears(pattern, times = 1) {
      while (heard.filter(({ text }) => pattern.test(text)).length < times)
        await once(lines, "line");
    },
  };
}

/** Skips the test, loudly, where a program is missing; with TEST_REQUIRE=1 it fails instead. */
export function hasSystemdNotify(t: TestContext): boolean {
  const missing = ["systemd-notify", "python3"].filter(
    (program) => spawnSync(program, ["--version"]).status !== 0,
  );
  if (missing.length === 0) return true;
  const message = `${missing.join(" and ")} not installed: apt-get install -y systemd python3`;
  if (process.env["TEST_REQUIRE"] === "1") throw new Error(message);
  t.skip(message);
  return false;
}
