/** What a kind of trouble is handed, and what it says became of the slots. */
import type { Cause } from "../../functions/archive/lines.ts";
import { cadenceMs, type World } from "./world.ts";

/** What a slot came to, for all tokens, or for those named: several causes where either is right. */
export interface Claim {
  slot: number;
  causes: readonly (Cause | "kept")[];
  /** Without it: all. */
  tokens?: readonly string[];
  /** Polled long after its time, or twice: who was watched, or open, had changed by then, or had not. */
  isUnsettled?: boolean;
}

export interface Scene {
  world: World;
  /** The next slot. */
  slot: number;
  /** How many slots it may take. */
  slots: number;
  random(): number;
  /** Sees who is watched now. */
  look(): Promise<void>;
}

export interface Kind {
  /** `venue-429: HTTP 429 with Retry-After`. */
  name: string;
  act(scene: Scene): Promise<Claim[]>;
}

export function slotsOf({ slot, slots }: Scene): number[] {
  return Array.from({ length: slots }, (_, n) => slot + n * cadenceMs);
}

/** To the middle behind the last slot, looking at the watch list in each. */
export async function pass({ world, slot, slots, look }: Scene): Promise<void> {
  for (let n = 0; n < slots; n += 1) {
    await world.clock.run(slot + n * cadenceMs + cadenceMs / 2);
    await look();
  }
}
