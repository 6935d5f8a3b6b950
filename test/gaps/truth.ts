/**
 * What truly became of each token in each slot: what was done to the recorder, what the venue's own counters say that it
 * served, and when the recorder was seen to begin and to end watching. Never what the recorder says of its holes.
 */
import type { Cause } from "../../functions/archive/lines.ts";
import { findWatchList } from "../../functions/polymarket/watch-list.ts";
import type { Claim } from "./scene.ts";
import { cadenceMs, dataFolder, type World } from "./world.ts";

export type Became = Cause | "kept";

export class Truth {
  #world: World;
  #claims = new Map<number, Claim[]>();
  #since = new Map<string, number>();
  #closed = new Map<string, number>();
  /** Token → slots in which the venue served its book. */
  #served = new Map<string, Set<number>>();
  /** Slot → tokens of which the venue had a book at its beginning. */
  #there = new Map<number, Set<string>>();

  constructor(world: World) {
    this.#world = world;
  }

  claim(claims: readonly Claim[]): void {
    for (const claim of claims)
      this.#claims.set(claim.slot, [...(this.#claims.get(claim.slot) ?? []), claim]);
  }

  /** Looks at the watch list, as often as it can have changed. */
  async look(): Promise<void> {
    const { disk, files } = this.#world;
    // What the recorder cannot read now, we can.
    const { fault } = disk;
    disk.fault = undefined;
    const list = await findWatchList({ files, settings: { dataFolder } });
    disk.fault = fault;
    for (const { token, since, closed } of list?.tokens ?? []) {
      this.#since.set(token, Math.min(this.#since.get(token) ?? Infinity, Date.parse(since)));
      if (closed !== undefined)
        this.#closed.set(token, Math.min(this.#closed.get(token) ?? Infinity, Date.parse(closed)));
    }
  }

  /** All that were ever watched. */
  tokens(): string[] {
    return [...this.#since.keys()];
  }

  served(token: string, slot: number): boolean {
    let slots = this.#served.get(token);
    if (slots === undefined) {
      const { served } = this.#world.venue;
      const sound = served.books(token).filter(({ fault }) => fault !== "unasked-book");
      const whole = [...sound, ...served.spoilt(token).filter(isUsable)];
      slots = new Set(whole.map(({ at }) => Math.floor(at / cadenceMs) * cadenceMs));
      this.#served.set(token, slots);
    }
    return slots.has(slot);
  }

  /** Each that is right; where the evidence may or may not have come through, several. */
  of(token: string, slot: number): Became[] {
    const claims = (this.#claims.get(slot) ?? []).filter(
      ({ tokens }) => tokens === undefined || tokens.includes(token),
    );
    const hard = claims.find(({ causes }) => causes[0] !== "kept");
    const isSoft = claims.some(({ causes }) => causes.includes("damaged"));
    const isClosed = (this.#closed.get(token) ?? Infinity) <= slot;
    const isNew = (this.#since.get(token) ?? Infinity) > slot;
    const isServed = this.served(token, slot);
    if (hard === undefined && !isServed && claims.some(({ isUnsettled }) => isUnsettled))
      return ["omitted", "market-closed", "not-yet-watched"];
    if (hard !== undefined && !isNew) {
      if (hard.tokens !== undefined && (isClosed || !this.#isThere(token, slot)))
        return [isClosed ? "market-closed" : "omitted"];
      // That it was closed is known only where a poll of that hour came through.
      return isClosed ? ["market-closed", ...hard.causes] : [...hard.causes];
    }
    if (isNew && !isServed) return ["not-yet-watched"];
    if (isClosed) return ["market-closed"];
    if (!isServed && !this.#isThere(token, slot)) return ["omitted"];
    return isSoft ? ["kept", "damaged"] : ["kept"];
  }

  #isThere(token: string, slot: number): boolean {
    let there = this.#there.get(slot);
    if (there === undefined) {
      there = new Set(this.#world.venue.truth.tokens(slot));
      this.#there.set(slot, there);
    }
    return there.has(token);
  }
}

/** Numbers where texts should be: odd, and the book all the same. */
function isUsable({ fault }: { fault: string | undefined }): boolean {
  return fault === "numbers";
}
