/**
 * readiness: says whether this installation may be called production-ready, from evidence alone.
 *
 * Five gates, each passed or failed by files that it names: discovery, raw collection, offload, a soak of 24 hours
 * (`soak`: the JSON that `npm run soak` wrote, or a page that shows it; by default docs/soak.md, as committed), and
 * metrics of gaps and quality. Exits 65 unless all are passed. Nothing is asked of the venue or the remote, and nothing is
 * changed. README, docs/roadmap.md and docs/operations.md claim no more than the committed soak allows; a test holds that.
 */
import { join, resolve } from "node:path";
import * as v from "valibot";
import { columns, count } from "../runtime/columns.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import { discoveryGate } from "./readiness/discovery-gate.ts";
import { failed, type Gate, type Judged } from "./readiness/gate.ts";
import { offloadGate } from "./readiness/offload-gate.ts";
import { recordingGate } from "./readiness/recording-gate.ts";
import { reportingGate } from "./readiness/reporting-gate.ts";
import { soakGate } from "./readiness/soak-gate.ts";
import { remoteSettings } from "./remote/settings.ts";

const gates: readonly Gate[] = [discoveryGate, recordingGate, offloadGate, soakGate, reportingGate];
const root = join(import.meta.dirname, "..");

interface JudgedGate extends Judged {
  gate: string;
}

export interface ReadinessResult {
  ready: boolean;
  gates: JudgedGate[];
}

export default defineFunction({
  input: v.strictObject({
    soak: v.optional(
      v.pipe(v.string(), v.description("soak.json, or a page with the evidence of a soak in it")),
    ),
  }),
  settings: remoteSettings,

  async run({ soak }, run): Promise<ReadinessResult> {
    const soakPath = soak === undefined ? join(root, "docs/soak.md") : resolve(soak);
    const judged: JudgedGate[] = [];
    for (const { name, look } of gates) {
      run.signal.throwIfAborted();
      judged.push({ gate: name, ...(await lookOrFail(look({ ...run, soakPath, root }))) });
    }
    const result = { ready: judged.every((gate) => gate.passed), gates: judged };
    if (result.ready) return result;
    throw new OperatorError("NOT_READY", {
      message: verdict(result),
      exit: "findings",
      details: table(result),
      safe: "Nothing was changed; whatever is recorded is as it was.",
      next: judged.find((gate) => !gate.passed)?.next ?? "",
      result,
    });
  },

  summary: (result) => [...table(result), verdict(result)].join("\n"),
});

/** What is damaged fails its gate, and keeps no other from being looked at. */
async function lookOrFail(looking: Promise<Judged>): Promise<Judged> {
  try {
    return await looking;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return failed(`${error.code}: ${error.message}`, error.next ?? "npm run fn -- doctor");
  }
}

function verdict({ ready, gates: judged }: ReadinessResult): string {
  if (ready) return "production-ready by its evidence: every gate is passed";
  const open = judged.filter((gate) => !gate.passed).length;
  return `not production-ready: ${count(open, "gate")} of ${judged.length} not passed`;
}

const filesShownMax = 3;

/** Each gate in a line; below it its files, and what to type. */
function table({ gates: judged }: ReadinessResult): string[] {
  const lines = columns(
    judged.map(({ passed, gate, what }) => [passed ? "pass" : "FAIL", gate, what]),
  );
  return judged.flatMap(({ files, next }, at) => {
    const more = files.length > filesShownMax ? [`and ${files.length - filesShownMax} more`] : [];
    const shown = [...files.slice(0, filesShownMax), ...more].join(", ");
    return [
      lines[at] ?? "",
      ...(shown === "" ? [] : [`      by ${shown}`]),
      ...(next === undefined ? [] : [`      type: ${next}`]),
    ];
  });
}
