/** A soak of 24 hours is on record, and its figures meet every goal: judged here anew, whatever its page says. */
import { errnoOf, messageOf } from "../../runtime/errors.ts";
import { type Gate, failed, passed } from "./gate.ts";
import { hoursWanted, judgeSoak } from "./judge-soak.ts";
import { type SoakEvidence, parseSoak } from "./soak-evidence.ts";

const again = `npm run soak -- --hours ${hoursWanted}, then npm run fn -- readiness --soak soak/soak.json`;

export const soakGate: Gate = {
  name: "soak",
  async look({ files, soakPath }) {
    let soak: SoakEvidence | undefined;
    try {
      soak = parseSoak((await files.read(soakPath)).toString());
    } catch (error) {
      if (errnoOf(error) !== "ENOENT")
        return failed(`${soakPath} is no evidence of a soak: ${messageOf(error)}`, again, [
          soakPath,
        ]);
    }
    if (soak === undefined) return failed("no soak is on record", again, [soakPath]);
    const { verdict, goals } = judgeSoak(soak);
    const ran = `${soak.hours.toFixed(2)} hours on the ${soak.venue} venue to ${soak.until}`;
    if (verdict === "met") return passed(`${ran}: every goal is met`, [soakPath]);
    const lacking = goals
      .filter((goal) => goal.verdict !== "met")
      .map(
        ({ what, measured, goal, verdict: each }) =>
          `${what} ${measured}, ${each === "open" ? "open" : "missed"}: ${goal}`,
      );
    return failed(`${ran}; ${lacking.join("; ")}`, again, [soakPath]);
  },
};
