/** Goes through the evidence of the last week and notes what is not noted yet. */
import { createHash } from "node:crypto";
import { OperatorError, messageOf } from "../../runtime/errors.ts";
import type { CoreSettings, Run } from "../../runtime/function.ts";
import { dayMs, type Hour, hourMs, hourOf, iso, nextHour } from "../../runtime/time.ts";
import { type HourId, listHours } from "../archive/layout.ts";
import { labelPath } from "../archive/labels.ts";
import { writeLabel } from "../archive/write-label.ts";
import { foundInReceipts } from "./from-receipts.ts";
import { foundInGaps, foundInQuality } from "./from-reports.ts";
import { foundInSealed } from "./from-sealed.ts";
import { type Found, type IncidentPlace, isNoted, writeIncident } from "./incident.ts";
import { readLooked, rememberLooked } from "./looked.ts";
import { incidentKinds } from "./codes.ts";

/** Older evidence was looked at while it was young: everything runs once an hour. */
const lookBackMs = 7 * dayMs;

export interface Noted {
  code: string;
  hour: Hour;
  stream: string;
  detail: string;
  /** Path of the Markdown, relative to the data folder; the JSON lies beside it. */
  note: string;
}

export type IncidentRun = Pick<Run, "id" | "clock" | "files" | "log" | "signal" | "asOf"> & {
  settings: CoreSettings;
};

export interface Looked {
  noted: Noted[];
  /** Evidence that could not be looked at, and why; the next run tries again. */
  failures: string[];
}

export async function noteIncidents(run: IncidentRun, remoteId: string): Promise<Looked> {
  const { files, settings } = run;
  const place = { files, ...settings };
  const before = await readLooked(files, settings.dataFolder);
  const looked = new Set<string>();
  const noted: Noted[] = [];
  const failures: string[] = [];

  /** Notes what is found; `false` if there is nothing to look at yet. What is damaged keeps none of the others. */
  async function look(what: string, find: () => Promise<Found[] | undefined>): Promise<boolean> {
    run.signal.throwIfAborted();
    try {
      const found = await find();
      for (const each of found ?? []) noted.push(...(await note(run, place, each)));
      return found !== undefined;
    } catch (error) {
      run.signal.throwIfAborted();
      // Of books that are to be labelled, and are not sealed yet: the next run will find them so.
      if (!isOf(error, "HOUR_NOT_SEALED")) failures.push(`${what}: ${messageOf(error)}`);
      return false;
    }
  }

  /** Evidence that is final. */
  async function lookOnce(key: string, find: () => Promise<Found[] | undefined>): Promise<void> {
    if (before.has(key) || (await look(key, find))) looked.add(key);
  }

  const oldest = hourOf(run.asOf - lookBackMs);
  for (const { venue, stream, hour, has } of await listHours(
    files,
    settings.dataFolder,
    settings.collector,
  )) {
    if (hour < oldest || !has.has("manifest")) continue;
    const id = { venue, stream, hour };
    await lookOnce(`${venue}/${stream}/${hour}`, () => foundInSealed(place, id));
    // What a remote holds can change at any time.
    await look(`receipts of ${stream} ${hour}`, () => foundInReceipts(place, id, remoteId));
  }
  for (let hour = oldest; hour < hourOf(run.asOf + hourMs); hour = nextHour(hour)) {
    await lookOnce(`gaps/${hour}`, () => foundInGaps(place, hour));
    await lookOnce(`quality/${hour}`, () => foundInQuality(place, hour));
  }
  await rememberLooked(files, settings.dataFolder, looked);
  return { noted, failures };
}

async function note(run: IncidentRun, place: IncidentPlace, found: Found): Promise<Noted[]> {
  if (await isNoted(place, found)) return [];
  const labels = await labelTokens(run, found);
  const path = await writeIncident(place, found, { labels, at: iso(run.clock.now()) });
  const { code, hour, stream, detail } = found;
  run.log.warn(
    { code, hour, stream, note: path },
    `${code} ${hour}: ${incidentKinds[code].title} ${detail}`,
  );
  return [{ code, hour, stream, detail, note: path }];
}

/** Before the note, which names them; a run that was killed in between finds them written. */
async function labelTokens(run: IncidentRun, found: Found): Promise<string[]> {
  const labels: string[] = [];
  for (const token of found.distrust ?? []) {
    const path = await labelToken(run, found, token);
    if (path !== undefined) labels.push(path);
  }
  return labels;
}

const digestChars = 16;

async function labelToken(
  run: IncidentRun,
  { code, venue, hour }: HourId & Pick<Found, "code">,
  token: string,
): Promise<string | undefined> {
  const digest = createHash("sha256").update(token).digest("hex").slice(0, digestChars);
  const id = `${code.toLowerCase().replaceAll("_", "-")}-${digest}`;
  const about = { venue, stream: "books", hour, collector: run.settings.collector, token };
  try {
    const said = { verdict: "invalid", reason: incidentKinds[code].title } as const;
    return (await writeLabel({ ...run, id }, about, said)).path;
  } catch (error) {
    if (isOf(error, "LABEL_EXISTS")) return labelPath({ ...about, id });
    // Without a book of this token in the hour there is nothing to distrust.
    if (isOf(error, "NO_SUCH_TOKEN")) return undefined;
    throw error;
  }
}

function isOf(error: unknown, code: string): boolean {
  return error instanceof OperatorError && error.code === code;
}
