/** What the venue of the crash tests sends: every text is decided by its token and its slot, so anyone can say it again. */
import { mix } from "../venue/random.ts";

export const tokens: readonly string[] = Array.from({ length: 12 }, (_, at) =>
  `${7_000_001 + at}`.padEnd(30, "3"),
);

/** Text of a token's book in a slot; `undefined` where the venue leaves it out. */
export function textAt(slot: number, token: string): string | undefined {
  const [number, place] = [Math.floor(slot / 10_000), tokens.indexOf(token)];
  if (mix(1, number, place) % 11 === 0) return undefined;
  // A book changes in two of five slots.
  let changed = number;
  while (mix(2, changed, place) % 5 > 1) changed -= 1;
  const levels = Array.from({ length: 4 }, (_, at) => ({
    price: `0.${10 + (mix(3, changed, place + at) % 80)}`,
    size: `${mix(4, changed, place + at) % 9000}.5`,
  }));
  return `{"market":"0xabc","asset_id":"${token}","timestamp":"${changed}","bids":${JSON.stringify(levels)},"asks":[]}`;
}
