/** Looks at what a remote holds and says of each file whether that is the same: the only proof of a copy. */
import type { Digest } from "./digest.ts";
import type { Remote, RemoteFile } from "./remote.ts";

/** A file that will never change, and what it must be wherever it lies. */
export interface Artifact extends Digest {
  path: string;
}

export interface Look {
  /** `unproven`: of the right size, without a hash, and it could not be read back. */
  state: "same" | "absent" | "different" | "several" | "unproven";
  /** What tells it: the remote's own hashes, or its bytes as they came back. */
  proof?: "hash" | "read-back";
  /** Every object of that name. */
  seen: readonly RemoteFile[];
}

/** One listing for all of them; what the remote has no hash of is read back. */
export async function lookAt(
  remote: Remote,
  artifacts: readonly Artifact[],
): Promise<Map<string, Look>> {
  const listed = await remote.list(artifacts.map(({ path }) => path));
  const byPath = Map.groupBy(listed, ({ path }) => path);
  const looks = new Map<string, Look>();
  const unhashed: Artifact[] = [];
  for (const artifact of artifacts) {
    const seen = byPath.get(artifact.path) ?? [];
    const state = judge(artifact, seen);
    if (state === "unhashed") unhashed.push(artifact);
    else
      looks.set(artifact.path, {
        state,
        seen,
        ...(state === "same" ? { proof: "hash" as const } : {}),
      });
  }
  if (unhashed.length === 0) return looks;

  const read = await remote.readBack(unhashed.map(({ path }) => path));
  for (const { path, sha256 } of unhashed) {
    const seen = byPath.get(path) ?? [];
    const found = read.get(path);
    if (found === undefined) looks.set(path, { state: "unproven", seen });
    else if (found === sha256) looks.set(path, { state: "same", proof: "read-back", seen });
    else
      looks.set(path, {
        state: "different",
        seen: seen.map((object) => Object.assign(object, { sha256: found })),
      });
  }
  return looks;
}

/** Paths of which there is exactly one object of the right size: a cheap second look after a full one. */
export async function stillThere(
  remote: Remote,
  artifacts: readonly Artifact[],
): Promise<Set<string>> {
  const listed = await remote.list(
    artifacts.map(({ path }) => path),
    { hashes: false },
  );
  const byPath = Map.groupBy(listed, ({ path }) => path);
  const there = artifacts.filter(({ path, bytes }) => {
    const seen = byPath.get(path) ?? [];
    return seen.length === 1 && seen[0]?.bytes === bytes;
  });
  return new Set(there.map(({ path }) => path));
}

function judge(
  artifact: Artifact,
  seen: readonly RemoteFile[],
): Exclude<Look["state"], "unproven"> | "unhashed" {
  const [object, another] = seen;
  if (object === undefined) return "absent";
  // Which of the two a reader would get is the remote's choice, so equal ones prove nothing either.
  if (another !== undefined || object.isFolderTwice === true) return "several";
  if (object.bytes !== artifact.bytes) return "different";
  if (object.md5 === undefined && object.sha256 === undefined) return "unhashed";
  const isMd5Same = object.md5 === undefined || object.md5 === artifact.md5;
  const isSha256Same = object.sha256 === undefined || object.sha256 === artifact.sha256;
  return isMd5Same && isSha256Same ? "same" : "different";
}
