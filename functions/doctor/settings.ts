/** The environment: names that nobody knows, values that are wrong, and a `.env` file that others can read. */
import { resolve } from "node:path";
import { type Check, type DoctorRun, type Noted, ok, problem, warning } from "./finding.ts";
import { othersMayRead } from "./permissions.ts";

export const settingsCheck: Check = {
  name: "settings",
  limitMs: 10_000,
  async look(run) {
    const wrong = run.configuration?.refusals.find(({ code }) => code === "BAD_SETTINGS");
    const found = (wrong?.details ?? []).map((detail) =>
      problem(
        detail,
        "mend it where it is set: the environment, the unit's EnvironmentFile, or .env",
      ),
    );
    const all = [...found, ...(await ownFile(run))];
    return all.length > 0 ? all : [ok("every HOURBOOK_ name is known and its value is right")];
  },
};

// It may hold the health check's address, with which anyone could report in this machine's name.
async function ownFile({ files }: DoctorRun): Promise<Noted[]> {
  const path = resolve(".env");
  const stat = await files.stat(path);
  if (stat === undefined || !othersMayRead(stat)) return [];
  return [warning(`${path} can be read by every user of this machine`, `chmod 600 ${path}`)];
}
