/** Which rclone there is. The oldest that is tested with is what Debian 12 and 13 ship. */
import { type Check, type DoctorRun, type Noted, ok, problem, warning } from "./finding.ts";

/** Below it the archive was never tested. */
const oldest = [1, 60] as const;
/** The newest that it was tested with; its own changelog lists the security fixes before it. */
const recommended = [1, 75] as const;

export const rcloneCheck: Check = {
  name: "rclone",
  needs: ["HOURBOOK_REMOTE"],
  limitMs: 20_000,
  async look({ children, settings, signal }: DoctorRun) {
    if (settings.HOURBOOK_REMOTE.kind === "dir")
      return [ok("not needed: HOURBOOK_REMOTE is a folder")];
    // A configuration that is wrong has a check of its own.
    const { stdout } = await children.run({ program: "rclone", args: ["version"], signal });
    return [judgeVersion(stdout)];
  },
};

/** What a version lacks that the archive would use. */
const lacks: readonly (readonly [number, string])[] = [
  [62, "goes on trying when Drive is full"],
  [63, "a killed copy can leave half a file on a folder, SFTP or FTP"],
  [65, "no SHA-256 from Drive, so MD5 alone is compared there"],
];

export function judgeVersion(printed: string): Noted {
  const [, text = "", major, minor] = /^rclone v((\d+)\.(\d+)\S*)/.exec(printed) ?? [];
  const fix = "docs/google-drive.md, “A newer rclone”";
  if (minor === undefined)
    return warning(`it does not say its version: ${printed.split("\n", 1)[0]}`, fix);
  const version = [Number(major), Number(minor)] as const;
  if (isBefore(version, oldest))
    return problem(
      `${text} is older than ${oldest.join(".")}, the oldest that Hourbook works with`,
      fix,
    );
  if (!isBefore(version, recommended)) return ok(text);
  const missing = lacks.filter(([since]) => isBefore(version, [1, since])).map(([, what]) => what);
  const known = `works, with security holes that were closed by ${recommended.join(".")}`;
  return warning([`${text} ${known}`, ...missing].join("; "), fix);
}

type Version = readonly [number, number];

function isBefore([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
