/** What an object on a remote is, told from its name alone: whose, of which hour, and where it lies here. */
import { join } from "node:path";
import { hourPattern, type Hour } from "../../runtime/time.ts";
import { archiveFolder, parseDayPath, parsePath } from "../archive/layout.ts";
import { looseFolders, uploadsFolder } from "./loose-files.ts";

export interface Named {
  /** `hour`: one of an hour's files; `day`: a data package; `beside`: in `labels/`, `uploads/` and the like. */
  kind: "hour" | "day" | "beside";
  /** Which machine's. */
  collector: string;
  stream?: string;
  /** The hours that it speaks of, first and last; none where its name tells none. */
  hours?: [first: Hour, last: Hour];
}

/** `undefined` if it is nothing of Hourbook's. */
export function nameOf(path: string): Named | undefined {
  if (!isPlain(path)) return undefined;
  const hour = parsePath(path);
  if (hour !== undefined) {
    const { collector, stream } = hour;
    return { kind: "hour", collector, stream, hours: [hour.hour, hour.hour] };
  }
  const day = parseDayPath(path);
  if (day !== undefined) {
    const { collector, stream, date } = day;
    return { kind: "day", collector, stream, hours: [`${date}T00`, `${date}T23`] };
  }
  return besideOf(path);
}

/** Of a folder on a remote: something of Hourbook's can lie in it. */
export function isOwnFolder(path: string): boolean {
  const [first = ""] = path.split("/");
  return first.startsWith("venue=") || isBeside(first);
}

function isBeside(folder: string): boolean {
  return folder === uploadsFolder || looseFolders.some((known) => known === folder);
}

/** Where it lies on this machine, or would. */
export function localPath(dataFolder: string, path: string): string {
  return join(path.startsWith("venue=") ? archiveFolder(dataFolder) : dataFolder, path);
}

function besideOf(path: string): Named | undefined {
  const [folder = "", second = "", ...others] = path.split("/");
  if (!isBeside(folder)) return undefined;
  // `uploads/<collector>/…`; else `<collector>.` begins the name.
  const name = others.at(-1) ?? second;
  const collector = folder === uploadsFolder ? second : (name.split(".", 1)[0] ?? "");
  const stream = /\/stream=([^/]+)\//.exec(path)?.[1];
  const [, date, hour] = /\/date=([^/]+)\/(?:hour=([^/]+)\/)?/.exec(path) ?? [];
  const hours: Named["hours"] = [`${date}T${hour ?? "00"}`, `${date}T${hour ?? "23"}`];
  return {
    kind: "beside",
    collector,
    ...(stream === undefined ? {} : { stream }),
    ...(hours.every((each) => hourPattern.test(each)) ? { hours } : {}),
  };
}

// A remote is other people's: no name that it shows may lead out of the folder that it is brought to, and none
// may hold a line break, which would end it in a list of names.
export function isPlain(path: string): boolean {
  const isStep = (name: string): boolean => name === "" || name === "." || name === "..";
  // oxlint-disable-next-line no-control-regex
  return !/[\u0000-\u001F\\]/.test(path) && !path.split("/").some(isStep);
}
