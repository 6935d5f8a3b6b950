/**
 * incident-report: writes a note for whatever happened that someone should know of.
 *
 * Goes through a week of evidence: manifests, quarantine, gap and quality reports, receipts. For each kind of trouble of
 * an hour it writes one note under `incidents/`: what, when, which files, the evidence, what is safe and what to type; what
 * must not be trusted is labelled. Each note is written once and offloaded; the raw bytes stay where they are. It
 * changes nothing that was recorded. Safe to run twice, and to be killed at any line.
 */
import * as v from "valibot";
import { count } from "../runtime/columns.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import { type Looked, type Noted, noteIncidents } from "./incidents/look.ts";
import { remoteId, remoteSettings } from "./remote/settings.ts";

export default defineFunction({
  input: v.strictObject({}),
  settings: remoteSettings,
  asOf: true,

  async run(_input, run): Promise<{ noted: Noted[] }> {
    const looked = await noteIncidents(run, remoteId(run.settings.HOURBOOK_REMOTE));
    // Last, so that one damaged hour neither hides what happened in the others nor passes in silence.
    if (looked.failures.length > 0) throw failed(looked);
    return { noted: looked.noted };
  },

  summary({ noted }) {
    if (noted.length === 0) return "nothing new happened that someone should know of";
    const lines = noted
      .slice(-shownMax)
      .map(
        ({ code, hour, stream, detail, note }) =>
          `${code}  ${stream} ${hour}Z: ${detail}\n  ${note}`,
      );
    return [count(noted.length, "new incident"), ...lines].join("\n");
  },
});

const shownMax = 10;

function failed({ noted, failures }: Looked): OperatorError {
  return new OperatorError("REPORT_FAILED", {
    message: `${count(failures.length, "piece")} of evidence could not be looked at`,
    details: failures.slice(0, shownMax),
    safe: `Nothing recorded was touched; of the rest ${count(noted.length, "new incident")} noted.`,
    next: "npm run fn -- verify tells what is damaged; then npm run fn -- incident-report",
    result: { noted },
  });
}
