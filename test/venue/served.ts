/**
 * What the venue truly sent: the ground truth that an archive is compared with.
 *
 * A book counts as served once the last byte of an intact body has left this process; an answer that was
 * cut, or whose client hung up before, serves nothing.
 */
import { hash } from "node:crypto";
import type { Item } from "./answer.ts";
import type { Endpoint, FaultKind } from "./faults.ts";

export interface ServedRequest {
  number: number;
  at: number;
  api: "gamma" | "clob";
  /** "other": a path that no public read has; a collector should never be here. */
  endpoint: Endpoint | "other";
  method: string;
  /** With the query. */
  path: string;
  host: string;
  userAgent: string;
  /** 0: no answer was begun. */
  status: number;
  fault: FaultKind | undefined;
  /** How many books the answer holds. */
  books: number;
  /** Undefined while under way; true once the whole body has left. */
  whole: boolean | undefined;
}

export interface ServedBook {
  at: number;
  /** The number of the request. */
  request: number;
  /** Byte for byte; "" if only digests are remembered. */
  text: string;
  readonly sha256: string;
  fault: FaultKind | undefined;
}

/** How much to keep of each served book; long runs and benchmarks keep less. */
export type Remember = "texts" | "digests" | "counts";

export interface Served {
  readonly requests: readonly ServedRequest[];
  /** Requests begun, by endpoint and status; either may be left out. */
  count(endpoint?: Endpoint | "other", status?: number): number;
  /** How often a sound book of this token was served; without a token: of all. */
  times(token?: string): number;
  /** Those books in order, oldest first. Needs `remember` "texts" or "digests". */
  books(token: string): ServedBook[];
  /** Books that a fault spoilt, in bodies that were whole. */
  spoilt(token: string): ServedBook[];
  /** Tokens that were served at least once. */
  tokens(): string[];
  /** The most requests that were ever under way at once. */
  readonly atOnceMax: number;
  /** Requests that came to the host where a redirect leads. */
  readonly followed: number;
  /** Times of the changes of a token's book that went out whole on a stream. */
  changes(token: string): number[];
  readonly stream: { connections: number; dumps: number; frames: number; pings: number };
}

/** Faults after which a book is not the venue's own word any more. */
export const bookDamage: ReadonlySet<FaultKind> = new Set([
  "renamed-field",
  "invalid-utf8",
  "numbers",
  "wrong-market",
]);

export interface Ledger extends Served {
  begin(request: Omit<ServedRequest, "number" | "books" | "whole">): ServedRequest;
  end(request: ServedRequest, whole: boolean, items: readonly Item[]): void;
  change(token: string, at: number): void;
}

const requestsMax = 100_000;

export function ledger(remember: Remember): Ledger {
  const requests: ServedRequest[] = [];
  const sound = new Map<string, ServedBook[]>();
  const spoilt = new Map<string, ServedBook[]>();
  const times = new Map<string, number>();
  const statuses = new Map<string, number>();
  const changes = new Map<string, number[]>();
  let [number, underWay, total] = [0, 0, 0];
  const stream = { connections: 0, dumps: 0, frames: 0, pings: 0 };
  const state = { atOnceMax: 0, followed: 0 };

  return {
    requests,
    stream,
    get atOnceMax() {
      return state.atOnceMax;
    },
    get followed() {
      return state.followed;
    },
    count(endpoint, status) {
      let sum = 0;
      for (const [key, count] of statuses) {
        const [where, what] = key.split(" ");
        if ((endpoint ?? where) === where && String(status ?? what) === what) sum += count;
      }
      return sum;
    },
    times: (token) => (token === undefined ? total : (times.get(token) ?? 0)),
    books: (token) => [...(sound.get(token) ?? [])],
    spoilt: (token) => [...(spoilt.get(token) ?? [])],
    tokens: () => [...times.keys()],
    changes: (token) => [...(changes.get(token) ?? [])],
    change: (token, at) => append(changes, token, at),

    begin(facts) {
      number += 1;
      underWay += 1;
      state.atOnceMax = Math.max(state.atOnceMax, underWay);
      if (facts.host.startsWith("localhost")) state.followed += 1;
      const request: ServedRequest = { ...facts, number, books: 0, whole: undefined };
      requests.push(request);
      // Dropping half at a time keeps this cheap.
      if (requests.length > 2 * requestsMax) requests.splice(0, requestsMax);
      return request;
    },

    end(request, whole, items) {
      underWay -= 1;
      request.whole = whole;
      const key = `${request.endpoint} ${request.status}`;
      statuses.set(key, (statuses.get(key) ?? 0) + 1);
      if (!whole) return;
      for (const { token, text, fault } of items) {
        if (token === undefined) continue;
        request.books += 1;
        const damaged = fault !== undefined && bookDamage.has(fault);
        if (!damaged) {
          total += 1;
          times.set(token, (times.get(token) ?? 0) + 1);
        }
        if (remember === "counts") continue;
        const book = rememberedBook(remember, text, {
          at: request.at,
          request: request.number,
          fault,
        });
        append(damaged ? spoilt : sound, token, book);
      }
    },
  };
}

function rememberedBook(
  remember: Remember,
  text: string,
  facts: Pick<ServedBook, "at" | "request" | "fault">,
): ServedBook {
  if (remember === "digests") return { ...facts, text: "", sha256: hash("sha256", text) };
  return {
    ...facts,
    text,
    get sha256() {
      return hash("sha256", text);
    },
  };
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
