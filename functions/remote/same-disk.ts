/** A copy on the same filesystem dies with the original: it is no ground for deleting anything. */
import { OperatorError } from "../../runtime/errors.ts";
import { archiveFolder } from "../archive/layout.ts";
import { deviceOf } from "./dir.ts";
import type { RemoteRun } from "./remote.ts";

export async function refuseSameDisk({ files, settings }: RemoteRun): Promise<void> {
  const remote = settings.HOURBOOK_REMOTE;
  if (remote.kind !== "dir") return;
  const devices = [
    await deviceOf(files, archiveFolder(settings.dataFolder)),
    await deviceOf(files, remote.folder),
  ];
  if (devices[0] !== devices[1]) return;
  throw new OperatorError("SAME_DISK", {
    message: `the remote ${remote.spec} lies on the data folder's own filesystem`,
    exit: "configuration",
    details: [
      `data folder ${settings.dataFolder}`,
      "one failing disk would take the archive and its copy",
    ],
    safe: "Nothing was deleted.",
    next: "set HOURBOOK_REMOTE to rclone:NAME:PATH or to a folder on another disk; or pass --allow-same-disk",
  });
}
