/** What the remote was seen to hold, where that is not what was sealed. */
import type { HourId } from "../archive/layout.ts";
import { hourPaths } from "../archive/layout.ts";
import { readReceipt } from "../remote/receipts.ts";
import type { Found, IncidentPlace } from "./incident.ts";

export async function foundInReceipts(
  { files, dataFolder, collector }: IncidentPlace,
  hour: HourId,
  remoteId: string,
): Promise<Found[]> {
  const { data, index, sums, manifest } = hourPaths(hour, collector);
  const differing: string[] = [];
  const evidence: string[] = [];
  for (const path of [data, index, sums, manifest]) {
    const receipt = await readReceipt(files, dataFolder, remoteId, path);
    if (receipt?.state !== "conflict" && receipt?.state !== "duplicate") continue;
    const seen = receipt.seen.map(
      ({ bytes, md5, id }) => `${bytes} B${md5 ? ` MD5 ${md5}` : ""}${id ? ` id ${id}` : ""}`,
    );
    differing.push(`archive/${path}`);
    evidence.push(
      `${path}: here ${receipt.bytes} B MD5 ${receipt.md5}, there ${seen.join(" and ")}`,
    );
  }
  if (differing.length === 0) return [];
  const { venue, stream, hour: utc } = hour;
  return [
    {
      venue,
      stream,
      hour: utc,
      code: "COPY_DIFFERS",
      name: remoteId,
      detail: `${differing.length} of its files are not the same on the remote ${remoteId}`,
      files: differing,
      evidence,
    },
  ];
}
