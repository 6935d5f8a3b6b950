/** Which remote the archive is copied to, and where rclone's configuration lies. */
import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import * as v from "valibot";

export type RemoteSpec = DirSpec | RcloneSpec;

export interface DirSpec {
  kind: "dir";
  /** As configured, with the path made absolute: what receipts and upload manifests name. */
  spec: string;
  folder: string;
}

export interface RcloneSpec {
  kind: "rclone";
  spec: string;
  /** `NAME:PATH`, as rclone's command line takes it. */
  target: string;
}

const rule =
  'write "dir:PATH" for a folder, or "rclone:NAME:PATH" for a remote of rclone\'s configuration';
const connectionRule =
  "name a remote of rclone's configuration: settings written into the name would show in the process list";

// rclone's own rule for names; a comma would begin a connection string, which may hold a token.
const rclonePattern = /^rclone:([\w][\w .+@-]*):(.*)$/;
const connectionPattern = /^rclone:(:|[^:]*,)/;

const remoteSpec = v.pipe(
  v.string(),
  v.check((text) => !connectionPattern.test(text), connectionRule),
  v.check(
    (text) => /^dir:./.test(text) || rclonePattern.test(text) || connectionPattern.test(text),
    rule,
  ),
  v.transform(specOf),
);

/** Shared by every function that reaches the remote. */
export const remoteSettings = {
  HOURBOOK_REMOTE: v.optional(remoteSpec, "dir:./offsite"),
  HOURBOOK_RCLONE_CONFIG: v.optional(
    v.pipe(
      v.string(),
      v.transform((path) => resolve(path)),
    ),
  ),
};

function specOf(text: string): RemoteSpec {
  const [, name, path = ""] = rclonePattern.exec(text) ?? [];
  if (name === undefined) {
    const folder = resolve(text.slice("dir:".length));
    return { kind: "dir", spec: `dir:${folder}`, folder };
  }
  const target = `${name}:${path.length > 1 ? path.replace(/\/+$/, "") : path}`;
  return { kind: "rclone", spec: `rclone:${target}`, target };
}

const slugCharsMax = 40;
// 32 bits: one machine has a handful of remotes.
const digestChars = 8;

/** The remote's folder name under `receipts/`: readable, and another one for another place. */
export function remoteId({ kind, spec }: RemoteSpec): string {
  const place = kind === "dir" ? basename(spec) : spec.slice("rclone:".length);
  const slug = place.replaceAll(/[^A-Za-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "");
  const digest = createHash("sha256").update(spec).digest("hex").slice(0, digestChars);
  return [kind, slug.slice(0, slugCharsMax), digest].filter((part) => part !== "").join("-");
}
