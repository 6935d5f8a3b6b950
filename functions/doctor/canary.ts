/**
 * The canary: one small file on the remote under a name that no other file has, and the only thing that Hourbook
 * ever deletes on a remote. What is deleted is never chosen by a caller: it is the canary of this run, it lies under
 * `canary/`, and the remote must show, just before, exactly one object of its name with exactly its bytes.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { removeIfThere, writeOnce } from "../../runtime/durable.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { rcloneOf } from "../remote/rclone-process.ts";
import { errorLines } from "../remote/rclone-log.ts";
import type { Remote, RemoteFile } from "../remote/remote.ts";
import type { DoctorRun } from "./finding.ts";
import { rcloneCommand } from "./rclone-command.ts";

const canaryPath = /^canary\/[A-Za-z0-9-]+\/[A-Za-z0-9-]+\.txt$/;

export class Canary {
  /** Relative to the remote's root. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly md5: string;
  readonly #run: DoctorRun;
  readonly #remote: Remote;
  /** Holds the file to be copied. */
  readonly #folder: string;

  constructor(run: DoctorRun, remote: Remote) {
    this.#run = run;
    this.#remote = remote;
    this.#folder = join(run.settings.dataFolder, "state", "canary");
    // The run's id is its time and chance: no two runs share one.
    this.path = `canary/${run.settings.collector}/${run.id}.txt`;
    this.bytes = Buffer.from(`written by run ${run.id} of Hourbook's doctor, which deletes it\n`);
    this.sha256 = createHash("sha256").update(this.bytes).digest("hex");
    this.md5 = createHash("md5").update(this.bytes).digest("hex");
  }

  /** As offload copies; what the remote then holds is for `list` to say. */
  async write(): Promise<string[]> {
    const { files } = this.#run;
    const here = join(this.#folder, this.path);
    await writeOnce(files, here, this.bytes);
    try {
      const { failures } = await this.#remote.copy(this.#folder, [this.path]);
      return failures.map(({ message }) => message);
    } finally {
      await removeIfThere(files, here);
      for (const folder of [dirname(here), dirname(dirname(here)), this.#folder])
        await files.removeFolder(folder).catch(() => undefined);
    }
  }

  list(): Promise<RemoteFile[]> {
    return this.#remote.list([this.path]);
  }

  async readBack(): Promise<string | undefined> {
    return (await this.#remote.readBack([this.path])).get(this.path);
  }

  /** Not its bytes, or not to be told. */
  isForeign({ bytes, sha256, md5 }: RemoteFile): boolean {
    if (bytes !== this.bytes.length) return true;
    return (sha256 ?? this.sha256) !== this.sha256 || (md5 ?? this.md5) !== this.md5;
  }

  /** Throws `CANARY_KEPT` where what is there is not exactly what this run wrote: then nothing is deleted. */
  async remove(): Promise<void> {
    const found = await this.list();
    const [only] = found;
    const isOurs = found.length === 1 && only !== undefined && !this.isForeign(only);
    if (!isOurs || !canaryPath.test(this.path) || (await this.readBack()) !== this.sha256) {
      throw new OperatorError("CANARY_KEPT", {
        message: `${this.path} is not what this run wrote there, and was not deleted`,
        exit: "findings",
        safe: "Nothing was deleted.",
        next: `look at ${this.path} on ${this.#remote.spec}: who else writes there?`,
      });
    }
    await this.#delete();
  }

  async #delete(): Promise<void> {
    const { settings, files } = this.#run;
    const remote = settings.HOURBOOK_REMOTE;
    if (remote.kind === "dir") {
      await files.remove(join(remote.folder, this.path));
      return;
    }
    const place = `${remote.target}${remote.target.endsWith(":") ? "" : "/"}${this.path}`;
    const rclone = await rcloneOf(this.#run);
    // Of one file; it refuses a folder.
    const { exitCode, stderr } = await rclone(["deletefile", place]);
    if (exitCode === 0) return;
    throw new OperatorError("CANARY_KEPT", {
      message: `rclone could not delete ${place}`,
      exit: "findings",
      details: errorLines(stderr),
      safe: "It is this check's own file, and in nobody's way.",
      next: `the remote must let rclone delete what it wrote, for this check alone; ${rcloneCommand(this.#run)} deletefile ${place}`,
    });
  }
}
