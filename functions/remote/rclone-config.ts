/**
 * Where rclone's configuration lies. rclone writes there too: it saves each token that it refreshes. So the
 * read-only credential that systemd hands a service is copied into the service's runtime folder, which lies in
 * memory and goes with the service. A copy stays, with its newer token, until the credential itself is another.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { writeAll } from "../../runtime/durable.ts";
import { OperatorError, errnoOf } from "../../runtime/errors.ts";
import type { RemoteRun } from "./remote.ts";

export interface RcloneConfig {
  /** `undefined`: wherever rclone itself looks. */
  path: string | undefined;
  source: "setting" | "credential" | "rclone";
}

/** As `LoadCredential=rclone.conf:…` names it, and the name of its copy. */
const credentialName = "rclone.conf";

/** Throws `REMOTE_CONFIG` where there should be one and is none. */
export async function findRcloneConfig(
  run: Pick<RemoteRun, "files" | "settings">,
): Promise<RcloneConfig> {
  const { files, settings } = run;
  const path = settings.HOURBOOK_RCLONE_CONFIG;
  if (path !== undefined) {
    // rclone takes a missing file for an empty one, and then says only that the remote is unknown.
    if ((await files.stat(path)) !== undefined) return { path, source: "setting" };
    throw badConfig(
      `there is no rclone configuration at ${path}`,
      `rclone config --config ${path}, or set HOURBOOK_RCLONE_CONFIG`,
    );
  }
  const { credentialsFolder, runtimeFolder } = settings;
  if (credentialsFolder === undefined) return { path: undefined, source: "rclone" };
  const credential = join(credentialsFolder, credentialName);
  if ((await files.stat(credential)) === undefined) return { path: undefined, source: "rclone" };
  if (runtimeFolder === undefined) {
    throw badConfig(
      `the credential ${credentialName} has no folder to be copied to, and rclone must write refreshed tokens`,
      "RuntimeDirectory=hourbook in the unit's [Service], beside LoadCredential=",
    );
  }
  return { path: await copyOf(files, credential, runtimeFolder), source: "credential" };
}

async function copyOf(files: Files, credential: string, folder: string): Promise<string> {
  const bytes = await files.read(credential);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const path = join(folder, credentialName);
  const note = `${path}.of`;
  const isCopied = (await files.stat(path)) !== undefined;
  if (isCopied && (await textOf(files, note)) === digest) return path;
  // In this order: a note without its copy would keep an old one.
  await writePrivate(files, path, bytes);
  await writePrivate(files, note, Buffer.from(digest));
  return path;
}

// Two runs may copy at the same moment: each then writes the same, under a temporary name of its own.
let copies = 0;

async function writePrivate(files: Files, path: string, bytes: Buffer): Promise<void> {
  copies += 1;
  const temporary = `${path}.${process.pid}-${copies}.tmp`;
  const file = await files.open(temporary, "private");
  try {
    await writeAll(file, bytes);
  } finally {
    await file.close();
  }
  await files.rename(temporary, path);
}

async function textOf(files: Files, path: string): Promise<string | undefined> {
  try {
    return (await files.read(path)).toString();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function badConfig(message: string, next: string): OperatorError {
  return new OperatorError("REMOTE_CONFIG", {
    message,
    exit: "configuration",
    safe: "Nothing was copied or deleted.",
    next,
  });
}
