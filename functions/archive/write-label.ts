/** Writes one label, after a look at what it speaks of: a slip of the hand would stay for ever. */
import { join } from "node:path";
import type { CoreSettings, Run } from "../../runtime/function.ts";
import { settleNames, writeOnce } from "../../runtime/durable.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { listParts } from "../../runtime/hours/parts.ts";
import { iso } from "../../runtime/time.ts";
import { type Label, labelPath } from "./labels.ts";
import { archiveFolder, type HourId, hourPaths, openNameOf } from "./layout.ts";
import { readManifest } from "./manifest.ts";
import { readIndex } from "./sealed-index.ts";

export interface Labelled {
  path: string;
  label: Label;
  /** The hour lies here, so that it was looked at. */
  isHere: boolean;
}

type LabelRun = Pick<Run, "id" | "clock" | "files"> & { settings: CoreSettings };

interface About extends HourId {
  collector: string;
  token: string | undefined;
}

interface Said {
  verdict: Label["verdict"];
  reason: string;
  replacement?: string | undefined;
  keep?: boolean | undefined;
}

export async function writeLabel(
  run: LabelRun,
  about: About,
  { verdict, reason, replacement, keep }: Said,
): Promise<Labelled> {
  const { files, settings } = run;
  const { isHere, manifest } = await lookAtHour(run, about);
  const { collector, venue, stream, hour, token } = about;
  const label: Label = {
    schema: 1,
    kind: "label",
    id: run.id,
    written: iso(run.clock.now()),
    collector,
    venue,
    stream,
    hour,
    token: token ?? null,
    verdict,
    reason,
    replacement: replacement ?? null,
    keep: keep ?? null,
    manifest,
  };
  const path = labelPath(label);
  const bytes = Buffer.from(`${JSON.stringify(label, undefined, 2)}\n`);
  if (await writeOnce(files, join(settings.dataFolder, path), bytes)) {
    await settleNames(files, [join(settings.dataFolder, path)]);
    return { path, label, isHere };
  }
  throw new OperatorError("LABEL_EXISTS", {
    message: `${path} is there already`,
    safe: "The label that was there stays as it is.",
    next: "npm run fn -- label, again",
  });
}

/** Refuses an hour that is still being written, and a token that a sealed hour does not hold. */
async function lookAtHour(
  { files, settings }: LabelRun,
  { collector, token, ...id }: About,
): Promise<{ isHere: boolean; manifest: Label["manifest"] }> {
  const { dataFolder } = settings;
  const paths = hourPaths(id, collector);
  if ((await files.stat(join(archiveFolder(dataFolder), paths.index))) === undefined) {
    const open = await listParts(files, dataFolder, openNameOf(id));
    if (!open.some(({ hour }) => hour === id.hour)) return { isHere: false, manifest: null };
    throw new OperatorError("HOUR_NOT_SEALED", {
      message: `${id.hour} is not sealed yet, so what it will hold is not known`,
      exit: "usage",
      safe: "Nothing was written.",
      next: "npm run fn -- seal-hour once the hour is over, then label it",
    });
  }
  if (token !== undefined && !(token in (await readIndex(files, dataFolder, paths.index)).tokens)) {
    throw new OperatorError("NO_SUCH_TOKEN", {
      message: `${id.hour} holds no book of token ${token}`,
      exit: "usage",
      safe: "Nothing was written.",
      next: "npm run -s fn -- read --market SLUG --format csv shows a market's tokens",
    });
  }
  const path = join(archiveFolder(dataFolder), paths.manifest);
  if ((await files.stat(path)) === undefined) return { isHere: true, manifest: null };
  const { sha256 } = await readManifest(files, dataFolder, id, collector);
  return { isHere: true, manifest: { path: paths.manifest, sha256 } };
}
