/**
 * What files should be, told by others than themselves: each manifest names the one before it by its bytes, and
 * each upload manifest what it brought to the remote. So a file that was altered there cannot vouch for itself.
 */
import * as v from "valibot";
import { parsePath } from "../archive/layout.ts";

const uploadSchema = v.object({
  kind: v.literal("upload"),
  files: v.array(v.object({ path: v.string(), sha256: v.string() })),
});

export class Ledger {
  /** Path → SHA-256 → who says so. */
  #named = new Map<string, Map<string, string>>();

  name(path: string, sha256: string, by: string): void {
    const known = this.#named.get(path);
    if (known === undefined) this.#named.set(path, new Map([[sha256, by]]));
    else if (!known.has(sha256)) known.set(sha256, by);
  }

  /** An upload manifest's text; an hour's other files are named by its own manifest. */
  addUpload(text: string, by: string): void {
    for (const { path, sha256 } of v.parse(uploadSchema, JSON.parse(text)).files) {
      const kind = parsePath(path)?.kind;
      if (kind === undefined || kind === "manifest") this.name(path, sha256, by);
    }
  }

  /** Who says that it should be another, in words; `undefined` if nothing speaks against it. */
  problemOf(path: string, sha256: string): string | undefined {
    for (const [other, by] of this.#named.get(path) ?? [])
      if (other !== sha256) return `${by} names it with SHA-256 ${other}, it has ${sha256}`;
    return undefined;
  }

  has(path: string): boolean {
    return this.#named.has(path);
  }

  paths(): Iterable<string> {
    return this.#named.keys();
  }
}
