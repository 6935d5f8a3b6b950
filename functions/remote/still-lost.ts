/** Of what is on record as lost, what was not found again since: here, or as it was on the remote. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import type { HourId } from "../archive/layout.ts";
import { lostNotes } from "../archive/lost.ts";
import { readReceipt } from "./receipts.ts";

export interface StillLost extends HourId {
  /** Relative to the data folder. */
  file: string;
}

export async function stillLost(
  files: Files,
  dataFolder: string,
  remoteId: string,
): Promise<StillLost[]> {
  const lost: StillLost[] = [];
  for await (const { venue, stream, hour, files: named } of lostNotes(files, dataFolder)) {
    for (const file of named) {
      const path = file.replace(/^archive\//, "");
      const receipt = await readReceipt(files, dataFolder, remoteId, path);
      const isBack = receipt?.state === "verified" || (await files.stat(join(dataFolder, file)));
      if (!isBack) lost.push({ venue, stream, hour, file });
    }
  }
  return lost;
}
