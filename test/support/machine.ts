/** A machine for tests and the demo: the real disk and network, on a virtual clock, with seeded chance. */
import { around } from "../../runtime/doors/around.ts";
import type { Children } from "../../runtime/doors/children.ts";
import { systemChildren } from "../../runtime/doors/children.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import { type Endpoint, type Http, systemHttp } from "../../runtime/doors/http.ts";
import type { Machine } from "../../runtime/doors/machine.ts";
import { type Sockets, systemSockets } from "../../runtime/doors/sockets.ts";
import type { Watch } from "../../runtime/doors/watch.ts";
import { holdZlib } from "./hold-zlib.ts";
import { unit } from "../venue/random.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import { type Wire, wire } from "./wire.ts";

export interface VirtualMachineOptions {
  clock: VirtualClock;
  seed?: number;
  /** A faulty disk, for example. */
  files?: Files;
  /** Without it, nothing is seen to change. */
  watch?: Watch;
  http?(endpoints: readonly Endpoint[]): Http;
  children?(programs: readonly string[]): Children;
  /** What connects its sockets to the simulated venue's clock. */
  wire?: Wire;
}

/** The request header that names the hold which a simulated venue may park while it waits for the clock. */
export const holdHeader = "x-hold";

export function virtualMachine(options: VirtualMachineOptions): Machine {
  const { clock } = options;
  holdZlib(clock);
  const openHttp =
    options.http ?? ((endpoints) => systemHttp({ endpoints, userAgent: "hourbook-test" }));
  const openChildren = options.children ?? systemChildren;
  return {
    clock,
    files: holding(clock, options.files ?? systemFiles, "files"),
    watch: options.watch ?? (() => () => {}),
    http: (endpoints) => holdingHttp(clock, openHttp(endpoints)),
    sockets: (urls): Sockets =>
      (options.wire ?? wire(clock)).around(systemSockets(urls, "hourbook-test")),
    children: (programs) => holding(clock, openChildren(programs), "children"),
    random: seededRandom(options.seed ?? 1, clock),
    uid: process.geteuid?.(),
  };
}

/** The door, holding the clock during each of its calls. */
function holding<T extends object>(clock: VirtualClock, door: T, name: string): T {
  return around(door, (method, call) => {
    const hold = clock.hold(`${name}.${method}`);
    return releasing(hold.release, call);
  });
}

function holdingHttp(clock: VirtualClock, http: Http): Http {
  return {
    request(request) {
      const hold = clock.hold(`${request.method} ${request.url}`);
      const headers = { ...request.headers, [holdHeader]: hold.id };
      return releasing(hold.release, () => http.request({ ...request, headers })) as ReturnType<
        Http["request"]
      >;
    },
  };
}

function releasing(release: () => void, call: () => unknown): unknown {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    release();
    throw error;
  }
  if (!(result instanceof Promise)) {
    release();
    return result;
  }
  return result.finally(release);
}

/** Of its moment alone, so that what one function draws does not change what another gets later. */
function seededRandom(seed: number, clock: VirtualClock): () => number {
  let [moment, asked] = [-1, 0];
  return () => {
    // A wall clock that was set back shows a moment twice.
    const now = Math.floor(clock.monotonic());
    asked = now === moment ? asked + 1 : 0;
    moment = now;
    return unit(seed, now, asked);
  };
}
