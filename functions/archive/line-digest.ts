/** A digest of a set of lines that is the same in any order: how sealing proves that regrouping lost none. */
import { hash } from "node:crypto";

const modulus = 2n ** 256n;

/** The sum of every line's SHA-256, taken as a big-endian number, modulo 2^256. Lines are without their LF. */
export class LineDigest {
  lines = 0;
  /** LF included. */
  rawBytes = 0;
  #sum = 0n;

  add(line: Buffer): void {
    this.lines += 1;
    this.rawBytes += line.length + 1;
    this.#sum = (this.#sum + BigInt(`0x${hash("sha256", line)}`)) % modulus;
  }

  /** 64 hexadecimal digits. */
  get value(): string {
    return hexOf(this.#sum);
  }

  /** Of the lines added since `value` was this. */
  since(value: string): string {
    return hexOf((this.#sum - BigInt(`0x${value}`) + modulus) % modulus);
  }
}

function hexOf(sum: bigint): string {
  return sum.toString(16).padStart(64, "0");
}
