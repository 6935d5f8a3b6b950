/**
 * doctor: looks at everything that recording and offload rest on, and says what is wrong and what to type.
 *
 * Settings, schedule, Node, data folder, disk, daemon, venue, clock, rclone, its configuration, and the remote, on
 * which it writes a canary of its own, lists it, reads it back and deletes it: the only thing on a remote that
 * Hourbook ever deletes. Each check is made for itself; one that fails or hangs is a finding, and the others are made
 * all the same. It also runs where the environment or `schedules.json` is wrong. Exits 65 on a problem; a warning is
 * shown and exits 0. No secret is shown. It changes nothing else, and may run beside the daemon.
 */
import * as v from "valibot";
import { columns, count } from "../runtime/columns.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import { daemonCheck } from "./doctor/daemon.ts";
import { dataFolderCheck } from "./doctor/data-folder.ts";
import { diskCheck } from "./doctor/disk.ts";
import { examine } from "./doctor/examine.ts";
import { type Check, type Finding, type Level, doctorSettings } from "./doctor/finding.ts";
import { nodeCheck } from "./doctor/node.ts";
import { rcloneConfigCheck } from "./doctor/rclone-config.ts";
import { rcloneCheck } from "./doctor/rclone-version.ts";
import { remoteCheck } from "./doctor/remote.ts";
import { scheduleCheck } from "./doctor/schedule.ts";
import { settingsCheck } from "./doctor/settings.ts";
import { clockCheck, venueCheck } from "./doctor/venue.ts";
import { booksEndpoint, marketsEndpoint } from "./polymarket/endpoints.ts";

const checks: readonly Check[] = [
  settingsCheck,
  scheduleCheck,
  nodeCheck,
  dataFolderCheck,
  diskCheck,
  daemonCheck,
  venueCheck,
  clockCheck,
  rcloneCheck,
  rcloneConfigCheck,
  remoteCheck,
];

export interface DoctorResult {
  problems: number;
  warnings: number;
  findings: Finding[];
}

export default defineFunction({
  input: v.strictObject({}),
  settings: doctorSettings,
  endpoints: (settings) => [marketsEndpoint(settings), booksEndpoint(settings)],
  programs: ["rclone"],
  diagnoses: true,

  async run(_input, run): Promise<DoctorResult> {
    const findings = await examine(run, checks);
    const of = (level: Level): number => findings.filter((each) => each.level === level).length;
    const result = { problems: of("problem"), warnings: of("warning"), findings };
    if (result.problems === 0) return result;
    throw new OperatorError("FINDINGS", {
      message: verdict(result),
      exit: "findings",
      details: table(findings),
      safe: "Nothing else was changed; a canary that was written is deleted, or lies below canary/ there.",
      next: "mend what is listed, then npm run fn -- doctor",
      result,
    });
  },

  summary: (result) => [...table(result.findings), verdict(result)].join("\n"),
});

function verdict({ problems, warnings }: DoctorResult): string {
  return `${count(problems, "problem")}, ${count(warnings, "warning")}`;
}

/** Each finding in a line, and what to type below it. */
function table(findings: readonly Finding[]): string[] {
  const lines = columns(findings.map(({ level, check, what }) => [level, check, what]));
  const indent = (lines[0] ?? "").indexOf(findings[0]?.what ?? "");
  return lines.flatMap((line, at) => {
    const fix = findings[at]?.fix;
    return fix === undefined ? [line] : [line, `${" ".repeat(Math.max(0, indent))}fix: ${fix}`];
  });
}
