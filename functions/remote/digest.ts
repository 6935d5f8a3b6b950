/** Size and hashes of a file, by reading it from beginning to end in bounded memory. */
import { createHash } from "node:crypto";
import type { Files } from "../../runtime/doors/files.ts";
import { readPieces } from "../../runtime/hours/read.ts";

export interface Digest {
  bytes: number;
  sha256: string;
  md5: string;
}

export async function digestFile(
  files: Files,
  path: string,
  signal?: AbortSignal,
): Promise<Digest> {
  const sha256 = createHash("sha256");
  const md5 = createHash("md5");
  let bytes = 0;
  const file = await files.open(path, "read");
  try {
    for await (const piece of readPieces(file)) {
      signal?.throwIfAborted();
      sha256.update(piece);
      md5.update(piece);
      bytes += piece.length;
    }
  } finally {
    await file.close();
  }
  return { bytes, sha256: sha256.digest("hex"), md5: md5.digest("hex") };
}
