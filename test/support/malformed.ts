/** Bytes that are almost, or not at all, what someone expects: for property tests. */
import fc from "fast-check";

/** Any of the valid ones, damaged in up to three places; or something else altogether. */
export function malformed(valid: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const damaged = fc
    .tuple(fc.constantFrom(...valid), fc.array(damage, { minLength: 1, maxLength: 3 }))
    .map(([bytes, damages]) => damages.reduce((before, act) => act(before), bytes));
  const other = fc.oneof(
    fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  );
  return fc.oneof({ weight: 6, arbitrary: damaged }, { weight: 1, arbitrary: other });
}

type Damage = (bytes: Buffer) => Buffer;

const place = fc.double({ min: 0, max: 1, noNaN: true });
const scraps = [
  "null",
  "{}",
  "[]",
  "-1",
  "1e999",
  '"',
  "}",
  "]",
  ",",
  '""',
  "[[",
  "\\u0000",
  "\n",
  "\0",
  "é",
];

const damage: fc.Arbitrary<Damage> = fc.oneof(
  // Cut.
  place.map((where) => (bytes: Buffer) => bytes.subarray(0, Math.floor(where * bytes.length))),
  // A flipped bit.
  fc.tuple(place, fc.nat(7)).map(([where, bit]) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    const at = Math.floor(where * copy.length);
    if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << bit);
    return copy;
  }),
  // Something in between, or in place of something.
  fc
    .tuple(place, fc.nat(20), fc.oneof(fc.constantFrom(...scraps), fc.json({ maxDepth: 1 })))
    .map(([where, length, text]) => (bytes: Buffer) => {
      const at = Math.floor(where * bytes.length);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(text), bytes.subarray(at + length)]);
    }),
  // A value of another kind.
  fc
    .tuple(place, fc.constantFrom(...scraps.slice(0, 5)))
    .map(([where, text]) => (bytes: Buffer) => {
      const values = [...bytes.toString("latin1").matchAll(/:("[^"]*"|[\d.]+|null|true|false)/g)];
      const found = values[Math.floor(where * values.length)];
      if (found === undefined) return bytes;
      const start = found.index + 1;
      const end = found.index + found[0].length;
      return Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)]);
    }),
);
