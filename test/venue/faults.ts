/** What can go wrong with an answer, and the control through which a test asks for it. */
import { mix, pick, unit } from "./random.ts";

export type Endpoint = "books" | "book" | "clob" | "markets" | "events" | "stream";

const rest = ["books", "book", "clob", "markets", "events"] as const;
const bookLists = ["books"] as const;
const books = ["books", "book"] as const;
const listings = ["markets", "events"] as const;
const lists = ["books", "book", "markets", "events"] as const;

/** Each kind, and the endpoints where it means something. */
const places = {
  // Another status.
  "429": rest,
  "429-seconds": rest, // Retry-After: 7
  "429-date": rest, // Retry-After: an HTTP date, 7 s from now
  "429-html": rest, // Cloudflare's page, error 1015
  "500": rest,
  "502": rest,
  "503": rest,
  "425": rest,
  "403-html": rest, // Cloudflare's "Attention Required" page
  "404-html": rest,
  redirect: rest, // 302 to another host, which answers the same
  // Status 200 with a body that is not what it should be.
  "error-200": rest, // {"error":...}
  empty: rest, // no bytes at all
  truncated: rest, // the JSON ends early, and the framing agrees
  "cut-short": rest, // content-length promises more, then the socket closes
  garbage: rest,
  huge: rest, // the right answer after megabytes of blanks
  "wrong-content-type": rest, // the right answer as text/html
  pretty: rest, // the right answer over many lines
  // Time.
  slow: rest, // answers after `ms`
  trickle: rest, // a byte every `ms`
  stall: rest, // half the body, then nothing
  hang: rest, // never answers
  reset: rest, // the connection is reset before an answer
  // A whole answer with something wrong in it.
  "renamed-field": lists, // bids -> buys; clobTokenIds -> tokenIds
  "new-field": lists,
  "invalid-utf8": lists,
  numbers: books, // "price":0.5 instead of "0.5"
  "wrong-market": books, // `market` is another market's id
  "duplicate-book": bookLists,
  "unasked-book": bookLists,
  omitted: bookLists,
  // Gamma's paging.
  "cursor-loop": listings, // next_cursor leads to the same page again
  "repeated-page": listings, // the first page's rows again
  // The stream.
  "stream-freeze": ["stream"], // PONG goes on, data does not
  "stream-drop": ["stream"], // one frame never comes
  "stream-garbage": ["stream"], // one frame is garbage
  "stream-reset": ["stream"],
} as const satisfies Record<string, readonly Endpoint[]>;

export type FaultKind = keyof typeof places;

export const faultKinds = Object.keys(places) as readonly FaultKind[];

/** The kinds that can happen at an endpoint. */
export function faultKindsAt(endpoint: Endpoint): FaultKind[] {
  return faultKinds.filter((kind) => endpointsOf(kind).includes(endpoint));
}

export interface Fault {
  kind: FaultKind;
  /** Default: every endpoint where this kind means something. */
  on?: Endpoint | readonly Endpoint[];
  /** Honest answers first. */
  skip?: number;
  /** Hits this many requests, then is over. Default: until removed. */
  count?: number;
  /** Only in this stretch of the clock, `until` excluded, in epoch milliseconds. */
  from?: number;
  until?: number;
  /** slow, trickle: the wait. Default 10,000 and 1,000. */
  ms?: number;
  /** huge: the size of the body. Default 64 MiB. */
  bytes?: number;
  /**
   * Which books of an answer are hit: these tokens, or this many. Default: one, or all where a schema
   * changes.
   */
  tokens?: readonly string[];
  books?: number;
}

export interface FaultControl {
  /** Returns what takes it back. */
  inject(fault: Fault): () => void;
  /**
   * From now on each request has this chance of a fault; the seed decides which. Default kinds: all of
   * REST.
   */
  random(seed: number, rate: number, kinds?: readonly FaultKind[]): () => void;
  /** Back to honest answers. */
  clear(): void;
  /** How often each kind has hit. */
  readonly hits: ReadonlyMap<FaultKind, number>;
  /** The fault for this request, if any; counts it. */
  take(endpoint: Endpoint, now: number): Fault | undefined;
}

type Source = (endpoint: Endpoint, now: number) => Fault | undefined;

export function faultControl(schedule: readonly Fault[] = []): FaultControl {
  const hits = new Map<FaultKind, number>();
  const sources = new Set<Source>();
  const add = (source: Source): (() => void) => {
    sources.add(source);
    return () => void sources.delete(source);
  };
  const control: FaultControl = {
    hits,
    inject: (fault) => add(injected(fault)),
    random: (seed, rate, kinds = faultKinds) => add(drawn(seed, rate, kinds)),
    clear: () => sources.clear(),
    take(endpoint, now) {
      for (const source of sources) {
        const fault = source(endpoint, now);
        if (fault === undefined) continue;
        hits.set(fault.kind, (hits.get(fault.kind) ?? 0) + 1);
        return fault;
      }
      return undefined;
    },
  };
  for (const fault of schedule) control.inject(fault);
  return control;
}

function injected(fault: Fault): Source {
  const able = endpointsOf(fault.kind);
  const on = fault.on === undefined ? able : [fault.on].flat();
  const wrong = on.filter((endpoint) => !able.includes(endpoint));
  if (wrong.length > 0)
    throw new Error(`fault ${fault.kind} does not exist on ${wrong.join(", ")}`);

  let [skip, left] = [fault.skip ?? 0, fault.count ?? Infinity];
  return (endpoint, now) => {
    if (!on.includes(endpoint) || left === 0) return undefined;
    if (now < (fault.from ?? -Infinity) || now >= (fault.until ?? Infinity)) return undefined;
    if (skip > 0) {
      skip -= 1;
      return undefined;
    }
    left -= 1;
    return fault;
  };
}

function drawn(seed: number, rate: number, kinds: readonly FaultKind[]): Source {
  let request = 0;
  return (endpoint) => {
    const able = kinds.filter((kind) => endpointsOf(kind).includes(endpoint));
    if (able.length === 0) return undefined;
    request += 1;
    return unit(seed, 1, request) < rate ? { kind: pick(able, mix(seed, 2, request)) } : undefined;
  };
}

/** An unknown kind comes from a command line or a cast, and would otherwise never fire. */
function endpointsOf(kind: FaultKind): readonly Endpoint[] {
  const endpoints = places[kind] as readonly Endpoint[] | undefined;
  if (endpoints === undefined)
    throw new Error(`no fault is called ${kind}; there are ${faultKinds.join(", ")}`);
  return endpoints;
}
