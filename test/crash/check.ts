/** What must hold after a crash and the run that follows it. Each broken promise is a finding, in words. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hashesBelow, inForce, type Line, sealedLines } from "./sealed.ts";
import type { Ack } from "./steps.ts";
import { textAt, tokens } from "./texts.ts";

export interface Sealed {
  local: ReadonlyMap<string, string>;
  remote: ReadonlyMap<string, string>;
}

export function sealedNow(root: string): Sealed {
  return {
    local: hashesBelow(join(root, "data", "archive")),
    remote: hashesBelow(join(root, "offsite")),
  };
}

export interface Expected {
  acks: readonly Ack[];
  /** Before the step. */
  sealed: Sealed;
  /** Bytes that were torn then: they must be in quarantine. */
  torn: readonly Buffer[];
}

/** `root` after everything was sealed, described and copied. */
export function findings(root: string, { acks, sealed, torn }: Expected): string[] {
  const texts = sealedLines(root);
  const found: string[] = [];
  for (const [hour, lines] of texts) found.push(...twice(hour, lines));
  for (const ack of acks) found.push(...unsafe(ack, texts));
  for (const [hour, lines] of texts)
    if (hour.startsWith("books ")) found.push(...untrue(hour, lines.map(parse)));
  found.push(...changed(sealed, sealedNow(root)), ...unproven(root), ...leftOver(root));
  found.push(...thrownAway(torn, texts));
  return found;
}

function parse(text: string): Line {
  return JSON.parse(text) as Line;
}

// Torn bytes may be moved to quarantine twice, and each part opens with the watch list: a repeated line of these
// tells nothing wrong.
function twice(hour: string, lines: readonly string[]): string[] {
  if (hour.startsWith("quarantine ")) return [];
  const seen = new Set<string>();
  return lines.flatMap((line) => {
    if (line.startsWith('{"kind":"watch"')) return [];
    if (seen.has(line)) return [`${hour}: a line twice: ${line.slice(0, 80)}`];
    seen.add(line);
    return [];
  });
}

function unsafe(ack: Ack, texts: ReadonlyMap<string, string[]>): string[] {
  const key = `${ack.kind === "poll" ? "books" : ack.stream} ${ack.hour}`;
  const lines = texts.get(key) ?? [];
  const text = ack.kind === "poll" ? JSON.stringify(ack.line) : ack.text;
  if (!lines.includes(text)) return [`${key}: acknowledged, and not there: ${text.slice(0, 120)}`];
  if (ack.kind !== "poll") return [];
  const parsed = lines.map(parse);
  const { poll } = ack.line;
  return tokens
    .filter((token) => inForce(parsed, poll, token) === undefined)
    .map((token) => `${key}: poll ${poll} was acknowledged, and its book of ${token} is not known`);
}

/** Whatever an hour tells of a poll, acknowledged or not, is what the venue sent. */
function untrue(hour: string, lines: readonly Line[]): string[] {
  return lines
    .filter(({ kind }) => kind === "poll")
    .flatMap((line) =>
      tokens.flatMap((token) => {
        const told = inForce(lines, Number(line["poll"]), token);
        const sent = textAt(Date.parse(String(line["scheduled"])), token) ?? null;
        return told === undefined || told === sent
          ? []
          : [
              `${hour}: poll ${String(line["poll"])} tells another book of ${token} than the venue sent`,
            ];
      }),
    );
}

function changed(before: Sealed, now: Sealed): string[] {
  const found: string[] = [];
  for (const [path, hash] of before.local) {
    const held = now.local.get(path) ?? now.remote.get(path);
    if (held === undefined) found.push(`${path}: sealed, and gone here and there`);
    else if (held !== hash) found.push(`${path}: a sealed file has changed`);
  }
  for (const [path, hash] of before.remote) {
    if (now.remote.get(path) !== hash) found.push(`${path}: the copy has changed or is gone`);
  }
  return found;
}

interface Manifest {
  seq: number;
  previous: { path: string; sha256: string } | null;
  files: { path: string; sha256: string }[];
}

/** Every sealed file is described, every description true, chained and copied. */
function unproven(root: string): string[] {
  const { local, remote } = sealedNow(root);
  const everywhere = new Map([...remote, ...local]);
  const found: string[] = [];
  const described = new Set<string>();
  for (const [path, hash] of everywhere) {
    if (remote.get(path) !== hash)
      found.push(`${path}: the remote holds ${remote.has(path) ? "another" : "no"} copy`);
    if (!path.endsWith(".manifest.json")) continue;
    described.add(path);
    const folder = local.has(path) ? join(root, "data", "archive") : join(root, "offsite");
    const manifest = JSON.parse(readFileSync(join(folder, path), "utf8")) as Manifest;
    for (const file of manifest.files) {
      described.add(file.path);
      if (everywhere.get(file.path) !== file.sha256)
        found.push(`${path}: ${file.path} is not as described`);
    }
    const { previous } = manifest;
    if ((previous === null) !== (manifest.seq === 1))
      found.push(`${path}: seq ${manifest.seq} and its chain do not agree`);
    if (previous !== null && everywhere.get(previous.path) !== previous.sha256)
      found.push(`${path}: the manifest before it is not as chained`);
  }
  for (const path of everywhere.keys()) {
    if (path.includes("stream=") && !described.has(path)) found.push(`${path}: not described`);
  }
  return found;
}

function leftOver(root: string): string[] {
  const data = [...hashesBelow(join(root, "data")).keys()].filter(
    (path) => !path.startsWith("state/"),
  );
  const all = [...data, ...hashesBelow(join(root, "offsite")).keys()];
  const isLeft = (path: string): boolean =>
    path.split("/").some((name) => name.startsWith(".")) ||
    path.endsWith(".torn") ||
    /^open\/.*T(13|14|15|16)\.part/.test(path);
  return all.filter(isLeft).map((path) => `${path}: left over`);
}

function thrownAway(torn: readonly Buffer[], texts: ReadonlyMap<string, string[]>): string[] {
  const kept = [...texts]
    .filter(([hour]) => hour.startsWith("quarantine "))
    .flatMap(([, lines]) => lines.map(parse));
  const digests = new Set(
    kept.map(({ data, encoding }) => digest(Buffer.from(String(data), encoding as BufferEncoding))),
  );
  return torn
    .filter((bytes) => !digests.has(digest(bytes)))
    .map((bytes) => `${bytes.length} torn bytes are not in quarantine`);
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
