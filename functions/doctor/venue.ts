/**
 * Whether the venue answers, and how far this machine's clock is from its: by the Date header of two reads that
 * discover and snapshot-poll make themselves, the one for a single market, the other for no book at all.
 */
import { formatDuration, secondMs } from "../../runtime/time.ts";
import { type Attempt, attempt } from "../polymarket/attempt.ts";
import { booksEndpoint, marketsEndpoint } from "../polymarket/endpoints.ts";
import { type Check, type DoctorRun, type Noted, ok, problem, warning } from "./finding.ts";

const askedMsMax = 10 * secondMs;

export const venueCheck: Check = {
  name: "venue",
  needs: ["HOURBOOK_GAMMA_URL", "HOURBOOK_CLOB_URL"],
  limitMs: 15 * secondMs,
  async look(run) {
    const asked = [marketsEndpoint(run.settings).url, booksEndpoint(run.settings).url];
    const answers = await Promise.all([askMarkets(run), askBooks(run)]);
    return answers.map((answer, at) => judgeAnswer(asked[at] ?? "", answer));
  },
};

export const clockCheck: Check = {
  name: "clock",
  needs: ["HOURBOOK_GAMMA_URL", "HOURBOOK_CLOB_URL"],
  limitMs: 15 * secondMs,
  async look(run) {
    const answers = await Promise.all([askBooks(run), askMarkets(run)]);
    return [judgeClock(answers.map(offsetOf).find((offset) => offset !== undefined))];
  },
};

function askMarkets(run: DoctorRun): Promise<Attempt> {
  const url = `${marketsEndpoint(run.settings).url}?limit=1`;
  return attempt(run, { method: "GET", url, expects: "{" }, askedMsMax);
}

function askBooks(run: DoctorRun): Promise<Attempt> {
  const { url } = booksEndpoint(run.settings);
  return attempt(run, { method: "POST", url, body: "[]", expects: "[" }, askedMsMax);
}

function judgeAnswer(url: string, { status, failure, sent, received }: Attempt): Noted {
  const took = received === null ? 0 : Date.parse(received) - Date.parse(sent);
  // Asked for no book, a server may as well refuse: it answers, which is all that this is about.
  const isRefusal = status === 400 || status === 422;
  if (failure === undefined || isRefusal)
    return ok(`${url} answers in ${formatDuration(Math.max(1, took))}`);
  // A failure of the network names the address itself.
  const what = failure.error.includes(url) ? failure.error : `${url}: ${failure.error}`;
  if (failure.cause === "venue-429")
    return warning(what, "wait a minute: polls wait by themselves");
  if (failure.cause === "venue-4xx")
    return problem(
      what,
      "this machine's address or country may be refused: try another, or ask the venue",
    );
  if (failure.cause === "venue-5xx" || failure.cause === "quarantined")
    return warning(what, "wait: the venue is not well, and its slots are on record as missing");
  return problem(
    what,
    `curl -sS -o /dev/null -w '%{http_code}\\n' ${url}; look at DNS, routes and firewall`,
  );
}

interface Offset {
  /** This machine's clock less the venue's. */
  ms: number;
  /** How far off that may be itself. */
  uncertainMs: number;
}

function offsetOf({ headers, sent, received }: Attempt): Offset | undefined {
  const date = Date.parse(headers["date"] ?? "");
  // An answer out of a cache can be dated when it was made.
  if (Number.isNaN(date) || received === null || Number(headers["age"] ?? 0) > 0) return undefined;
  const [from, to] = [Date.parse(sent), Date.parse(received)];
  // The header leaves the fraction of its second away.
  return {
    ms: (from + to) / 2 - (date + secondMs / 2),
    uncertainMs: (to - from) / 2 + secondMs / 2,
  };
}

/** Beyond what the measure leaves open. A book's time is then off by as much. */
const offsetMsWarned = secondMs;
/** Half of a slot at the usual cadence: from here on books count for the wrong slot and hour. */
const offsetMsMax = 5 * secondMs;

function judgeClock(offset: Offset | undefined): Noted {
  const fix = "timedatectl set-ntp true; timedatectl timesync-status";
  if (offset === undefined)
    return warning(
      "not known: the venue gave no time",
      "mend what the venue check says; timedatectl",
    );
  const { ms, uncertainMs } = offset;
  const least = Math.abs(ms) - uncertainMs;
  const direction = ms < 0 ? "behind" : "ahead of";
  const about = `${formatDuration(Math.abs(ms))} ${direction} the venue's, give or take ${formatDuration(uncertainMs)}`;
  if (least > offsetMsMax) return problem(about, fix);
  return least > offsetMsWarned ? warning(about, fix) : ok(about);
}
