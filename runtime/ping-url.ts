/** The addresses of a health check, by the conventions of healthchecks.io: the URL itself and its suffixes. */
import type { Endpoint } from "./doors/http.ts";

/** `ok`: all is well. `start`: it begins. `fail`: it is not well. `log`: worth a note, changes nothing. */
export type PingKind = "ok" | "start" | "fail" | "log";

const suffixes: Record<PingKind, string> = { ok: "", start: "/start", fail: "/fail", log: "/log" };

/** What the HTTP door lets through for it, and nothing else. */
export function pingEndpoints(url: string): Endpoint[] {
  return (Object.keys(suffixes) as PingKind[]).map((kind) => {
    const { origin, pathname } = new URL(pingUrl(url, kind));
    return { method: "POST", url: `${origin}${pathname}` };
  });
}

/** `rid` pairs a start with what comes of it. A query of the URL's own, such as `?create=1`, stays. */
export function pingUrl(url: string, kind: PingKind, rid?: string): string {
  const address = new URL(url);
  address.pathname = address.pathname.replace(/\/+$/, "") + suffixes[kind];
  if (rid !== undefined) address.searchParams.set("rid", rid);
  return address.href;
}

/** A UUID of version 4. */
export function newRid(random: () => number): string {
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  const variant = "89ab"[Math.floor(random() * 4)] ?? "8";
  return [hex(8), hex(4), `4${hex(3)}`, `${variant}${hex(3)}`, hex(12)].join("-");
}
