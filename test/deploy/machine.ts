/**
 * A machine with a real systemd: nspawn on a root of its own, with a network of its own that leads nowhere. Nothing of
 * the host can be written to: its systemd touches neither the host's /tmp nor its units.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

export interface Ran {
  status: number;
  stdout: string;
  /** Both streams. */
  said: string;
}

export interface Machine {
  /** Its root, as the host sees it. */
  root: string;
  boot(): Promise<void>;
  /** As when the power goes: every process at once. */
  kill(): Promise<void>;
  /** As root, in root's home; fails the test if the script does. */
  run(script: string): Ran;
  /** … if it does not. */
  refuses(script: string): Ran;
  remove(): Promise<void>;
}

const scriptMsMax = 240_000;
const bootMsMax = 30_000;

/** `folders`: path in the machine → a folder of the host's that it sees there. */
export function machineOn(template: string, folders: Readonly<Record<string, string>>): Machine {
  const folder = mkdtempSync(join(dirname(template), "machine-"));
  const root = join(folder, "root");
  layOver(template, folder, root);
  let nspawn: ChildProcess | undefined;
  let leader = "";

  async function boot(): Promise<void> {
    // What it writes there is thrown away: the host's folders stay as they are.
    const shown = Object.entries(folders).map(([path, of]) => `--overlay=${of}::${path}`);
    nspawn = spawn(
      "systemd-nspawn",
      ["-D", root, "--boot", "--register=no", "--keep-unit", "--private-network", ...shown],
      // Its console is a terminal's; a session of its own keeps it from ours.
      { stdio: "ignore", detached: true, env: { PATH: process.env["PATH"] } },
    );
    const giveUpAt = Date.now() + bootMsMax;
    while (Date.now() < giveUpAt) {
      await wait(200);
      leader = childOf(nspawn.pid);
      if (leader === "") continue;
      const state = within("systemctl is-system-running").stdout.trim();
      if (state === "running" || state === "degraded") return;
    }
    throw new Error("systemd does not come up in nspawn");
  }

  function within(script: string): Ran {
    const args = ["-t", leader, "-m", "-u", "-i", "-n", "-p", "-C", "--", "bash", "-ec"];
    const ended = spawnSync("nsenter", [...args, `cd /root\n${script}`], {
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/root",
        LANG: "C.UTF-8",
      },
      timeout: scriptMsMax,
    });
    const [stdout, stderr] = [ended.stdout.toString(), ended.stderr.toString()];
    return { status: ended.status ?? -1, stdout, said: stdout + stderr };
  }

  async function kill(): Promise<void> {
    if (nspawn === undefined || nspawn.exitCode !== null || nspawn.signalCode !== null) return;
    const ended = once(nspawn, "exit");
    process.kill(Number(leader), "SIGKILL");
    await ended;
  }

  function run(script: string): Ran {
    const ran = within(script);
    assert.equal(ran.status, 0, `${script}\n${ran.said}`);
    return ran;
  }

  function refuses(script: string): Ran {
    const ran = within(script);
    assert.notEqual(ran.status, 0, `${script}\n${ran.said}`);
    return ran;
  }

  async function remove(): Promise<void> {
    await kill();
    spawnSync("umount", [root]);
    rmSync(folder, { recursive: true, force: true });
  }

  return { root, boot, kill, run, refuses, remove };
}

/** What the machine writes lies over the template, which stays as it is. */
function layOver(template: string, folder: string, root: string): void {
  const [upper, work] = [join(folder, "upper"), join(folder, "work")];
  for (const made of [root, upper, work]) mkdirSync(made);
  const layers = `lowerdir=${template},upperdir=${upper},workdir=${work}`;
  if (spawnSync("mount", ["-t", "overlay", "overlay", "-o", layers, root]).status === 0) return;
  // No overlay on this filesystem: a copy does as well, and takes its time.
  execFileSync("cp", ["-a", "--reflink=auto", `${template}/.`, root]);
}

function childOf(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0] ?? "";
  } catch {
    return "";
  }
}
