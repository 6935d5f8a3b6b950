/** Discovery works: there is a watch list, and a sealed walk over the venue's markets that came to its end. */
import { join } from "node:path";
import * as v from "valibot";
import { count } from "../../runtime/columns.ts";
import { readLineBatches } from "../../runtime/hours/read.ts";
import { type HourId, archiveFolder, hourPaths } from "../archive/layout.ts";
import { findWatchList } from "../polymarket/watch-list.ts";
import { type Gate, type GateRun, describedHours, failed, passed } from "./gate.ts";

const hoursLookedAt = 24;
const listPath = "watch/polymarket.json";

const walkSchema = v.object({
  kind: v.literal("walk"),
  started: v.string(),
  /** `bounded`: it had as many as were wanted. */
  outcome: v.picklist(["complete", "bounded"]),
  markets: v.pipe(v.number(), v.minValue(1)),
});

export const discoveryGate: Gate = {
  name: "discovery",
  async look(run) {
    const list = await findWatchList(run);
    if (list === undefined || list.tokens.length === 0)
      return failed("nothing is watched", "npm run fn -- discover");
    for (const hour of await describedHours(run, "markets", hoursLookedAt)) {
      const path = hourPaths(hour, run.settings.collector).data;
      const walk = await findWalk(run, hour);
      if (walk === undefined) continue;
      const what = `${count(list.tokens.length, "token")} watched; the walk of ${walk.started} saw ${count(walk.markets, "market")}`;
      return passed(what, [listPath, `archive/${path}`]);
    }
    return failed(
      `no walk that came to its end in the newest ${hoursLookedAt} hours that are described`,
      "npm run status -- --why discover; with an hour still open: wait for its end",
      [listPath],
    );
  },
};

async function findWalk(
  { files, settings, signal }: GateRun,
  hour: HourId,
): Promise<v.InferOutput<typeof walkSchema> | undefined> {
  const path = join(archiveFolder(settings.dataFolder), hourPaths(hour, settings.collector).data);
  for await (const batch of readLineBatches(files, path, { damage: "throw" })) {
    signal.throwIfAborted();
    for (const line of batch) {
      if (!line.subarray(0, walkStart.length).equals(walkStart)) continue;
      const walk = v.safeParse(walkSchema, JSON.parse(line.toString()));
      if (walk.success) return walk.output;
    }
  }
  return undefined;
}

// The markets' own lines are many, and larger.
const walkStart = Buffer.from('{"kind":"walk"');
