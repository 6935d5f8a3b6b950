/**
 * What Hourbook reads at Polymarket, and nothing else: two public reads (docs.polymarket.com). Their base
 * addresses are settings, so that tests and the demo can put the simulated venue in their place.
 */
import * as v from "valibot";
import type { Endpoint } from "../../runtime/doors/http.ts";
import type { SettingsOf } from "../../runtime/function.ts";

export const venue = "polymarket";

export const venueSettings = {
  HOURBOOK_GAMMA_URL: baseUrl("https://gamma-api.polymarket.com", ["http:", "https:"]),
  HOURBOOK_CLOB_URL: baseUrl("https://clob.polymarket.com", ["http:", "https:"]),
  HOURBOOK_STREAM_URL: baseUrl("wss://ws-subscriptions-clob.polymarket.com/ws/market", [
    "ws:",
    "wss:",
  ]),
};

export type VenueSettings = SettingsOf<typeof venueSettings>;

/** Open markets, page by page. The plain /markets listing is past its sunset. */
export function marketsEndpoint(settings: VenueSettings): Endpoint {
  return { method: "GET", url: `${settings.HOURBOOK_GAMMA_URL}/markets/keyset` };
}

/** Up to 500 order books at once. POST only because the list of tokens is long: it changes nothing. */
export function booksEndpoint(settings: VenueSettings): Endpoint {
  return { method: "POST", url: `${settings.HOURBOOK_CLOB_URL}/books` };
}

function baseUrl(fallback: string, protocols: readonly string[]) {
  return v.pipe(
    v.optional(v.string(), fallback),
    // Without what was written: it may hold the very credentials that are refused.
    v.check(
      (text) => isBase(URL.parse(text), protocols),
      `write an address such as "${fallback}" ` +
        `(${protocols.map((protocol) => protocol.slice(0, -1)).join(" or ")}; no credentials, query or #)`,
    ),
    v.transform((text) => new URL(text).href.replace(/\/+$/, "")),
  );
}

function isBase(url: URL | null, protocols: readonly string[]): boolean {
  if (url === null || !protocols.includes(url.protocol)) return false;
  // href keeps a bare "?" or "#" that search and hash do not show.
  return url.username === "" && url.password === "" && !/[?#]/.test(url.href);
}
