/** What rclone says on stderr: JSON lines, with plain ones among them (its last words, and old versions). */
import * as v from "valibot";
import type { CopyFailure, CopyReport, Limit } from "./remote.ts";

const lineSchema = v.object({
  level: v.string(),
  msg: v.string(),
  object: v.optional(v.string()),
  stats: v.optional(v.object({ bytes: v.number() })),
});
type LogLine = v.InferOutput<typeof lineSchema>;

export interface CopyLog {
  take(line: string): void;
  /** The remote's own limit, as soon as it was told. */
  limit(): Limit | undefined;
  /** Which files rclone says it copied, and what it could not. A failure that a later try mended is none. */
  report(exitCode: number | undefined): CopyReport;
}

/** Holds what was said of `paths`, and nothing else. `onBytes`: sent so far, now and then. */
export function copyLog(paths: readonly string[], onBytes?: (bytes: number) => void): CopyLog {
  const asked = new Set(paths);
  const copied = new Set<string>();
  const failures = new Map<string | undefined, CopyFailure>();
  let limit: Limit | undefined;
  return {
    take(text) {
      const line = parseLine(text);
      if (line === undefined) return;
      const { level, msg, object, stats } = line;
      if (stats !== undefined) onBytes?.(stats.bytes);
      const path = object !== undefined && asked.has(object) ? object : undefined;
      if (path !== undefined && msg.startsWith("Copied")) copied.add(path);
      if (!isError(level)) return;
      limit ??= limitIn(msg);
      failures.set(path, { path, message: msg });
    },
    limit: () => limit,
    report(exitCode) {
      const left = [...failures.values()].filter(
        ({ path }) => path === undefined || !copied.has(path),
      );
      return { copied, failures: exitCode === 0 ? [] : left, ...(limit && { limit }) };
    },
  };
}

const diskFull = /no space left on device|disk quota exceeded/i;

// Backends have no common word for it. rclone calls each limit of Drive's an upload limit, so what is full comes first.
const limits: [RegExp, Limit["kind"]][] = [
  [
    /\b(storageQuotaExceeded|quotaExceeded|quotaLimitReached|teamDriveFileLimitExceeded)\b/i,
    "full",
  ],
  [/insufficient[ _](storage|space)/i, "full"],
  [diskFull, "full"],
  // "User rate limit exceeded.", with the full stop, is what Google says of 750 GB a day.
  [/Received upload limit error|User rate limit exceeded\.,? userRateLimitExceeded/, "day"],
];

function limitIn(message: string): Limit | undefined {
  const kind = limits.find(([pattern]) => pattern.test(message))?.[1];
  return kind === undefined ? undefined : { kind, message };
}

const errorLinesMax = 5;

// rclone 1.60 says it of every file on a remote that does not know SHA-256.
const isNoise = /^Failed to read hash: hash type not supported/;

/** A filesystem's own word: there a file grows under its name. */
export function isOfDisk({ message }: Limit): boolean {
  return diskFull.test(message);
}

/** The last errors, for a person. */
export function errorLines(stderr: string): string[] {
  const lines = stderr.split("\n").map(parseLine);
  const texts = lines.flatMap((line) => {
    if (line === undefined || !isError(line.level) || isNoise.test(line.msg)) return [];
    return [line.object === undefined ? line.msg : `${line.object}: ${line.msg}`];
  });
  return [...new Set(texts)].slice(-errorLinesMax);
}

function isError(level: string): boolean {
  return level === "error" || level === "critical" || level === "fatal";
}

const messageCharsMax = 500;

function parseLine(text: string): LogLine | undefined {
  const line = text.startsWith("{") ? parsed(text) : plain(text);
  return line === undefined ? undefined : { ...line, msg: line.msg.slice(0, messageCharsMax) };
}

function parsed(text: string): LogLine | undefined {
  try {
    const result = v.safeParse(lineSchema, JSON.parse(text));
    return result.success ? { ...result.output, msg: result.output.msg.trim() } : undefined;
  } catch {
    // Cut off by a kill.
    return undefined;
  }
}

const plainPattern =
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d (?:(ERROR|NOTICE|INFO|DEBUG|CRITICAL) *: )?(.+)$/;

// `2026/11/22 18:08:29 ERROR : path: message`, and `… Failed to copy: message` as the last word.
function plain(text: string): LogLine | undefined {
  const [, level, message] = plainPattern.exec(text) ?? [];
  if (message === undefined) return undefined;
  const isFailure = level === undefined && message.startsWith("Failed to");
  return {
    level: isFailure ? "error" : (level ?? "info").toLowerCase(),
    msg: message.replace(/^: /, ""),
  };
}
