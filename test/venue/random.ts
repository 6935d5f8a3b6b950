/**
 * Randomness that a seed decides: the same seed gives the same venue, on any machine, in any order of
 * asking.
 */
import { hash } from "node:crypto";

/**
 * Mixes up to three integers into 32 bits. Stateless, so a book of any moment can be made without its
 * past.
 */
export function mix(a: number, b = 0, c = 0): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul((h ^ (h >>> 13)) + b, 0xc2b2ae35);
  h = Math.imul((h ^ (h >>> 16)) + c, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

/** The same as a number from 0 (included) to 1 (excluded). */
export function unit(a: number, b = 0, c = 0): number {
  return mix(a, b, c) / 2 ** 32;
}

/** 32 bytes of hexadecimal digits that nothing else in the venue shares. */
export function digits(seed: number, ...names: (string | number)[]): string {
  return hash("sha256", `${seed}/${names.join("/")}`, "hex");
}

export function pick<T>(list: readonly T[], random: number): T {
  return list[random % list.length]!;
}

/** A copy in an order that the seed decides. */
export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last -= 1) {
    const other = mix(seed, last) % (last + 1);
    [copy[last], copy[other]] = [copy[other]!, copy[last]!];
  }
  return copy;
}
