/** What rclone says on stderr: JSON lines, with plain ones among them (its last words, and old versions). */
import * as v from "valibot";
import type { Ended } from "../../runtime/doors/children.ts";
import type { CopyFailure, CopyReport } from "./remote.ts";

const lineSchema = v.object({ level: v.string(), msg: v.string(), object: v.optional(v.string()) });
type LogLine = v.InferOutput<typeof lineSchema>;

/** Which files rclone says it copied, and what it could not. A failure that a later try mended is none. */
export function copyReportOf({ exitCode, stderr }: Ended): CopyReport {
  const copied = new Set<string>();
  const failures: CopyFailure[] = [];
  for (const { level, msg, object } of linesOf(stderr)) {
    if (object !== undefined && msg.startsWith("Copied")) copied.add(object);
    else if (isError(level)) failures.push({ path: object, message: msg });
  }
  if (exitCode === 0) return { copied, failures: [] };
  return {
    copied,
    failures: failures.filter(({ path }) => path === undefined || !copied.has(path)),
  };
}

const errorLinesMax = 5;

/** The last errors, for a person. */
export function errorLines(stderr: string): string[] {
  const lines = linesOf(stderr).filter(({ level }) => isError(level));
  const texts = lines.map(({ msg, object }) => (object === undefined ? msg : `${object}: ${msg}`));
  return [...new Set(texts)].slice(-errorLinesMax);
}

function isError(level: string): boolean {
  return level === "error" || level === "critical" || level === "fatal";
}

function linesOf(stderr: string): LogLine[] {
  return stderr.split("\n").flatMap((text) => {
    const line = text.startsWith("{") ? parsed(text) : plain(text);
    return line === undefined ? [] : [line];
  });
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
