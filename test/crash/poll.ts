/** A poll as snapshot-poll makes it, without a network: what the venue sends is known beforehand. */
import { digestOf, readLastRecorded } from "../../functions/archive/unchanged.ts";
import { type Harvest, unaskedBooks } from "../../functions/polymarket/ask-books.ts";
import { appendPoll, type Written } from "../../functions/polymarket/poll-lines.ts";
import { watchId } from "../../functions/polymarket/watch-list.ts";
import type { Run } from "../../runtime/function.ts";
import { iso } from "../../runtime/time.ts";
import { textAt, tokens } from "./texts.ts";

type PollRun = Pick<Run, "clock" | "files" | "log"> & {
  settings: Pick<Run["settings"], "dataFolder">;
};

export async function pollAt(run: PollRun, slot: number, hasScrap = false): Promise<Written> {
  const since = "2026-11-22T00:00:00.000Z";
  const watched = tokens.map((token) => {
    return { token, market: "0xabc", outcome: "Yes", slug: "s", since };
  });
  const harvest: Harvest = unaskedBooks([], "unknown");
  for (const token of tokens) {
    const text = textAt(slot, token);
    const raw = Buffer.from(text ?? "");
    const times = { sent: iso(slot), received: iso(slot + 50) };
    if (text === undefined) harvest.missing.set(token, "omitted");
    else harvest.books.set(token, { token, raw, digest: digestOf(raw), ...times });
  }
  const bytes = Buffer.from(`scrap ${slot}`);
  if (hasScrap) harvest.pieces.push({ from: "books", reason: "garbage", bytes });
  const last = await readLastRecorded(run.files, run.settings.dataFolder, "polymarket");
  const polled = { slot, watched, watch: watchId(watched), last, harvest };
  return appendPoll({ ...run, scheduledAt: slot, startedAt: slot }, polled);
}
