/** A copy on the same filesystem dies with the original: it is no ground for deleting anything. */
import { OperatorError } from "../../runtime/errors.ts";
import { archiveFolder } from "../archive/layout.ts";
import { deviceOf } from "./dir.ts";
import type { RemoteRun } from "./remote.ts";

type Place = Pick<RemoteRun, "files" | "settings">;

export async function isOnSameDisk({ files, settings }: Place): Promise<boolean> {
  const remote = settings.HOURBOOK_REMOTE;
  if (remote.kind !== "dir") return false;
  const here = await deviceOf(files, archiveFolder(settings.dataFolder));
  return here === (await deviceOf(files, remote.folder));
}

export async function refuseSameDisk(place: Place): Promise<void> {
  if (!(await isOnSameDisk(place))) return;
  const { settings } = place;
  throw new OperatorError("SAME_DISK", {
    message: `the remote ${settings.HOURBOOK_REMOTE.spec} lies on the data folder's own filesystem`,
    exit: "configuration",
    details: [
      `data folder ${settings.dataFolder}`,
      "one failing disk would take the archive and its copy",
    ],
    safe: "Nothing was deleted.",
    next: "set HOURBOOK_REMOTE to rclone:NAME:PATH or to a folder on another disk; or pass --allow-same-disk",
  });
}
