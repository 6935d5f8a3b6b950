/** Bytes that repair set aside in `open/` go into the quarantine stream once their hour is sealed. */
import { join } from "node:path";
import { removeIfThere } from "../../runtime/durable.ts";
import { listParts, openFolder, tornOrigin } from "../../runtime/hours/parts.ts";
import { readPieces } from "../../runtime/hours/read.ts";
import { streamOf } from "./layout.ts";
import { quarantine, type QuarantineContext } from "./quarantine.ts";

// Damage may be as large as an hour; each append of it is one member, held in memory.
const appendBytesMax = 8 * 1024 * 1024;

/** Returns how many files were moved. Killed in between, it moves one of them twice, never none. */
export async function quarantineTorn(context: QuarantineContext): Promise<number> {
  const { files, dataFolder } = context;
  let moved = 0;
  for (const { name } of await files.list(openFolder(dataFolder))) {
    const origin = tornOrigin(name);
    if (origin === undefined) continue;
    const parts = await listParts(files, dataFolder, origin.stream);
    if (parts.some(({ hour }) => hour === origin.hour)) continue;
    await quarantineFile(context, streamOf(origin.stream).venue, name);
    await removeIfThere(files, join(openFolder(dataFolder), name));
    moved += 1;
  }
  if (moved > 0) await files.syncFolder(openFolder(dataFolder));
  return moved;
}

async function quarantineFile(
  context: QuarantineContext,
  venue: string,
  name: string,
): Promise<void> {
  const file = await context.files.open(join(openFolder(context.dataFolder), name), "read");
  try {
    const size = await file.size();
    let offset = 0;
    for await (const bytes of readPieces(file, 0, size, appendBytesMax)) {
      const from = size <= appendBytesMax ? name : `${name}, from byte ${offset}`;
      await quarantine(context, venue, [{ from, reason: "torn", bytes }]);
      offset += bytes.length;
    }
  } finally {
    await file.close();
  }
}
