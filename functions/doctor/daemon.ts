/** Whether a daemon records into this data folder. */
import { readDaemon } from "../../runtime/status-report.ts";
import { type Check, ok, warning } from "./finding.ts";

export const daemonCheck: Check = {
  name: "daemon",
  limitMs: 10_000,
  async look({ files, settings }) {
    const { isRunning, pid, since } = await readDaemon(files, settings, { stop: undefined });
    if (isRunning)
      return [ok(`running${pid === undefined ? "" : ` as pid ${pid} since ${since}`}`)];
    return [
      warning(
        "no daemon is running: nothing is recorded",
        "systemctl start hourbook, or npm start",
      ),
    ];
  },
};
