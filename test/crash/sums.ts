/** What was tried and found, and what is said of it. */
import type { Case } from "./matrix.ts";

export const say = (text: string): void => void process.stdout.write(`${text}\n`);

export class Sums {
  #tried = new Map<string, number>();
  #cases = 0;
  #missed = 0;
  #findings = 0;

  add({ mode, step, syscall }: Case, wasKilled: boolean): void {
    this.#cases += 1;
    if (!wasKilled) this.#missed += 1;
    const key = `${mode.padEnd(6)} ${step.padEnd(9)} ${syscall}`;
    this.#tried.set(key, (this.#tried.get(key) ?? 0) + 1);
  }

  find({ mode, step, syscall, n }: Case, finding: string): void {
    this.#findings += 1;
    say(`FINDING ${mode} at ${syscall} ${n} of ${step}: ${finding}`);
  }

  isGood(): boolean {
    // Cases that were never reached prove nothing.
    return this.#findings === 0 && this.#cases > 0 && this.#missed <= this.#cases / 10;
  }

  report(all: number, seconds: number): void {
    for (const [key, count] of [...this.#tried].sort(([a], [b]) => (a < b ? -1 : 1)))
      say(`${String(count).padStart(5)}  ${key}`);
    say(
      `${this.#cases} of ${all} cases tried in ${Math.round(seconds)} s, ${this.#missed} ended before their call, ${this.#findings} findings`,
    );
  }
}
