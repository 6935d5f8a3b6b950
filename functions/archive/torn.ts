/** Bytes that repair set aside in `open/` go into the quarantine stream once their hour is sealed. */
import { join } from "node:path";
import { removeIfThere } from "../../runtime/durable.ts";
import { listParts, openFolder } from "../../runtime/hours/parts.ts";
import { tornOrigin } from "../../runtime/hours/repair.ts";
import { streamOf } from "./layout.ts";
import { quarantine, type QuarantineContext } from "./quarantine.ts";

/** Returns how many files were moved. Killed in between, it moves one of them twice, never none. */
export async function quarantineTorn(context: QuarantineContext): Promise<number> {
  const { files, dataFolder } = context;
  let moved = 0;
  for (const { name } of await files.list(openFolder(dataFolder))) {
    const origin = tornOrigin(name);
    if (origin === undefined) continue;
    const parts = await listParts(files, dataFolder, origin.stream);
    if (parts.some(({ hour }) => hour === origin.hour)) continue;
    const path = join(openFolder(dataFolder), name);
    const { venue } = streamOf(origin.stream);
    await quarantine(context, venue, [
      { from: name, reason: "torn", bytes: await files.read(path) },
    ]);
    await removeIfThere(files, path);
    moved += 1;
  }
  if (moved > 0) await files.syncFolder(openFolder(dataFolder));
  return moved;
}
