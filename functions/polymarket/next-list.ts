/** The watch list after a walk: what is chosen comes on, what is not leaves at the end of its hour. */
import { hourOf, hourStart, iso, nextHour } from "../../runtime/time.ts";
import type { ChosenToken } from "./choose.ts";
import type { WatchEntry } from "./watch-list.ts";

export interface Seen {
  now: number;
  chosen: readonly ChosenToken[];
  /** Markets whose old mapping stays in force, whatever was seen. */
  conflicting: ReadonlySet<string>;
  /** Markets that the venue says are closed. */
  closed: ReadonlySet<string>;
  /** Nothing was missed: who is not chosen is not wanted. */
  mayDrop: boolean;
}

/** Old entries keep their place, so that a list changes only where it has to. */
export function nextList(previous: readonly WatchEntry[], seen: Seen): WatchEntry[] {
  const { now, closed, conflicting } = seen;
  const chosen = new Map(seen.chosen.map((token) => [token.token, token]));
  const endOfHour = iso(hourStart(nextHour(hourOf(now))));
  const kept = previous.flatMap((entry): WatchEntry[] => {
    const again = chosen.get(entry.token);
    const hasLeft = entry.until !== undefined && Date.parse(entry.until) <= now;
    // Who comes back after it had left was not watched in between.
    if (again !== undefined) return [{ ...again, since: hasLeft ? iso(now) : entry.since }];
    if (hasLeft) return [];
    const until = entry.until ?? endOfHour;
    if (closed.has(entry.market)) return [{ ...entry, closed: entry.closed ?? iso(now), until }];
    return [seen.mayDrop && !conflicting.has(entry.market) ? { ...entry, until } : entry];
  });
  const known = new Set(previous.map(({ token }) => token));
  const added = seen.chosen.filter(({ token }) => !known.has(token));
  const since = iso(now);
  return [...kept, ...added.map((token): WatchEntry => Object.assign(token, { since }))];
}
