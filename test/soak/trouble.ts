/** Something that fails and is tried again: said when it begins and when it is over, not each time. */
import { errnoOf, messageOf } from "../../runtime/errors.ts";

export class Trouble {
  readonly #what: string;
  isUnderWay = false;

  /** `what`: after "cannot". */
  constructor(what: string) {
    this.#what = what;
  }

  goesOn(error: unknown): void {
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    const isFull = ["ENOSPC", "EDQUOT"].includes(errnoOf(error) ?? "");
    say(`cannot ${this.#what}: ${messageOf(error)}
  The soak goes on, and tries again; what it records meanwhile is the daemon's own.
  Next: ${isFull ? "make room on its disk" : "mend that; it is noticed"}`);
  }

  isOver(): void {
    if (this.isUnderWay) say(`can ${this.#what} again`);
    this.isUnderWay = false;
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
