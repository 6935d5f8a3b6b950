/** Whether the disk has room to go on recording, by the marks that polling itself goes by. */
import type { Space } from "../../runtime/doors/files.ts";
import { type Room, measureRoom } from "../archive/room.ts";
import { type Check, type DoctorRun, type Noted, ok, problem, warning } from "./finding.ts";

const megabyte = 1024 * 1024;
const gigabyte = 1024 * megabyte;
/** snapshot-poll's own, for a schedule that does not say. */
const freeMinDefault = 128;
const freeWarnDefault = 1024;

export const diskCheck: Check = {
  name: "disk",
  limitMs: 20_000,
  async look(run) {
    const { files, settings } = run;
    const room = await measureRoom(files, settings.dataFolder, marksOf(run));
    return [judgeRoomLeft(room, await files.space(settings.dataFolder))];
  },
};

function marksOf({ configuration }: DoctorRun): { stopBytes: number; warnBytes: number } {
  const input = configuration?.schedules?.entries.get("snapshot-poll")?.input ?? {};
  const { freeMin = freeMinDefault, freeWarn = freeWarnDefault } = input as Record<string, number>;
  return { stopBytes: freeMin * megabyte, warnBytes: freeWarn * megabyte };
}

function judgeRoomLeft({ state, freeBytes, sealBytes, marks }: Room, { totalBytes }: Space): Noted {
  const free = `${size(freeBytes)} of ${size(totalBytes)} free, ${size(sealBytes)} of it to seal with`;
  const fix = "npm run fn -- offload && npm run fn -- prune, or give the disk more room";
  if (state === "stopped")
    return problem(`${free}: polls are stopped below ${size(marks.stopBytes)}`, fix);
  if (state === "low") return warning(`${free}: polls stop at ${size(marks.stopBytes)}`, fix);
  return ok(free);
}

function size(bytes: number): string {
  const [unit, name] = bytes < gigabyte ? [megabyte, "MB"] : [gigabyte, "GB"];
  return `${Math.round(bytes / unit).toLocaleString("en-US")} ${name}`;
}
