/** The tokens that are polled: `watch/polymarket.json`, written by discover, read by every poll. */
import { hash } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import type { Run } from "../../runtime/function.ts";
import { replaceFile } from "../../runtime/durable.ts";
import { OperatorError, errnoOf } from "../../runtime/errors.ts";
import { type WatchedToken, watchedTokenSchema } from "../archive/lines.ts";
import { venue } from "./endpoints.ts";

const entrySchema = v.object({
  ...watchedTokenSchema.entries,
  /** No longer chosen: polled until this end of an hour, so that each hour's list is whole. */
  until: v.optional(v.string()),
});

const listSchema = v.object({ updated: v.string(), tokens: v.array(entrySchema) });

export type WatchEntry = v.InferOutput<typeof entrySchema>;
export type WatchList = v.InferOutput<typeof listSchema>;

type ListRun = Pick<Run, "files"> & { settings: Pick<Run["settings"], "dataFolder"> };

/** The list in force; refuses where there is none. */
export async function readWatchList(run: ListRun): Promise<WatchList> {
  const list = await findWatchList(run);
  if (list !== undefined) return list;
  throw new OperatorError("NO_WATCH_LIST", {
    message: `there is no watch list yet (${pathOf(run)})`,
    exit: "unavailable",
    safe: "Nothing was asked, nothing is lost.",
    next: "npm run fn -- discover",
  });
}

/** `undefined` if there is none yet. */
export async function findWatchList(run: ListRun): Promise<WatchList | undefined> {
  let text: string;
  try {
    text = (await run.files.read(pathOf(run))).toString();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    return v.parse(listSchema, JSON.parse(text));
  } catch (error) {
    throw new OperatorError("WATCH_LIST_DAMAGED", {
      message: `${pathOf(run)} is not a watch list`,
      details: [error instanceof Error ? error.message : String(error)],
      safe: "What was recorded is as it was; every hour's own list is in the archive.",
      next: `mv ${pathOf(run)} ${pathOf(run)}.damaged && npm run fn -- discover`,
      cause: error,
    });
  }
}

/** What a walk goes on from: nothing, where the list is damaged. That one is set aside, not lost. */
export async function takeWatchList(run: ListRun & Pick<Run, "id" | "log">): Promise<WatchEntry[]> {
  try {
    return (await findWatchList(run))?.tokens ?? [];
  } catch (error) {
    if (!(error instanceof OperatorError) || error.code !== "WATCH_LIST_DAMAGED") throw error;
    const aside = `${pathOf(run)}.damaged-${run.id}`;
    await run.files.rename(pathOf(run), aside);
    run.log.warn({ aside }, `${error.message}: it was set aside, and is made anew`);
    return [];
  }
}

export async function replaceWatchList(run: ListRun, list: WatchList): Promise<void> {
  await replaceFile(run.files, pathOf(run), Buffer.from(`${JSON.stringify(list, undefined, 1)}\n`));
}

/** What is watched in the slot at `at` (epoch ms), as watch lines write it. */
export function watchedAt(list: WatchList, at: number): WatchedToken[] {
  return list.tokens
    .filter(({ until }) => until === undefined || Date.parse(until) > at)
    .map((entry) => v.parse(watchedTokenSchema, entry));
}

/** Names what is watched: equal lists have equal ids. */
export function watchId(tokens: readonly WatchedToken[]): string {
  const identity = tokens.map(({ token, market, outcome, slug, closed }) => [
    token,
    market,
    outcome,
    slug,
    closed,
  ]);
  return hash("sha256", JSON.stringify(identity)).slice(0, 12);
}

function pathOf({ settings }: ListRun): string {
  return join(settings.dataFolder, "watch", `${venue}.json`);
}
