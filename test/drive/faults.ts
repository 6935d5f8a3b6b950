/** What can go wrong with a Drive: each fault waits for its call, and happens as often as the test says. */

export type CallKind =
  | "token"
  | "list"
  | "get"
  | "read"
  | "folder"
  /** A small file whole, in one request. */
  | "upload"
  /** A large one: its session, and its pieces. */
  | "session"
  | "chunk"
  | "update"
  | "delete"
  | "about";

export type FaultKind =
  /** Another byte is stored, or only half of them. */
  | "corrupt"
  | "half"
  /** It is stored, and the connection breaks before the answer. */
  | "lost-reply"
  /** The connection breaks before anything happens. */
  | "reset"
  | "unauthorized"
  /** Too many requests a second. */
  | "rate"
  | "down"
  /** 750 GB in a day, and no room left: each in Google's own words. */
  | "quota"
  | "full"
  /** It says no, and quotes whom. */
  | "quote"
  /** The answer takes `ms`. */
  | "slow"
  /** Nothing goes wrong but what `act` does meanwhile. */
  | "meanwhile";

export interface Fault {
  kind: FaultKind;
  /** Which calls; if not given, those that the fault is about. */
  on?: readonly CallKind[];
  /** Spares the first so many. */
  after?: number;
  /** If not given, for ever. */
  times?: number;
  ms?: number;
  act?: () => void;
}

const stores: readonly CallKind[] = ["upload", "chunk"];
const uploads: readonly CallKind[] = ["upload", "session"];
const all: readonly CallKind[] = [
  "list",
  "get",
  "read",
  "folder",
  "upload",
  "session",
  "chunk",
  "update",
  "delete",
  "about",
];

const usually: Record<FaultKind, readonly CallKind[]> = {
  corrupt: stores,
  half: stores,
  "lost-reply": stores,
  reset: all,
  unauthorized: all,
  rate: all,
  down: all,
  quota: uploads,
  full: uploads,
  quote: all,
  slow: all,
  meanwhile: all,
};

export class Faults {
  #planned: (Required<Pick<Fault, "on" | "after" | "times">> & Fault)[] = [];
  /** How often each has happened. */
  readonly happened: Partial<Record<FaultKind, number>> = {};

  plan(fault: Fault): void {
    const { kind, on = usually[kind], after = 0, times = Number.POSITIVE_INFINITY } = fault;
    this.#planned.push({ ...fault, on, after, times });
  }

  clear(): void {
    this.#planned = [];
  }

  /** What befalls this call; asked once for each. */
  strike(call: CallKind): Fault[] {
    const struck: Fault[] = [];
    for (const fault of this.#planned) {
      if (!fault.on.includes(call) || fault.times === 0) continue;
      if (fault.after > 0) {
        fault.after -= 1;
        continue;
      }
      fault.times -= 1;
      this.happened[fault.kind] = (this.happened[fault.kind] ?? 0) + 1;
      struck.push(fault);
    }
    return struck;
  }
}
