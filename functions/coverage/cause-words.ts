/** Each cause as a reader of the data needs to hear it: whose hole it is, and what it says of the market. */
import type { Cause } from "../archive/lines.ts";

export const causeWords: Record<Cause, { short: string; meaning: string }> = {
  "not-running": {
    short: "the recorder was not running",
    meaning:
      "Stopped, killed, or its machine was off. The market went on; its books of this time are not known.",
  },
  skipped: {
    short: "the poll before it was still running",
    meaning:
      "A poll took longer than the time to the next slot, or was run by hand just then. The recorder's hole.",
  },
  late: {
    short: "too late for its slot",
    meaning:
      "The recorder was too busy to start in time, or answers came after the poll's deadline.",
  },
  clock: {
    short: "the clock was set forward",
    meaning:
      "The machine's clock jumped over these slots. Less time passed than they seem to cover.",
  },
  disk: {
    short: "the disk took nothing",
    meaning: "The recorder's disk was full or failed. What it held before is unharmed.",
  },
  network: {
    short: "the venue could not be reached",
    meaning:
      "No connection, or one that broke off, between recorder and venue. It does not say which side failed.",
  },
  "venue-429": {
    short: "the venue asked to slow down",
    meaning: "HTTP 429. The venue refused the requests for their number.",
  },
  "venue-4xx": {
    short: "the venue refused the request",
    meaning: "An HTTP answer 400 to 499 other than 429.",
  },
  "venue-5xx": {
    short: "the venue failed",
    meaning: "An HTTP answer 500 to 599: the venue's own fault.",
  },
  "venue-timeout": {
    short: "the venue did not answer in time",
    meaning: "Connected, but no whole answer within the poll's bound.",
  },
  omitted: {
    short: "the venue left the token out",
    meaning:
      "It answered without this book: often a market that has just closed, which is learned a little later.",
  },
  quarantined: {
    short: "the answer could not be understood",
    meaning: "Its bytes are in the quarantine stream of this hour, with the reason.",
  },
  damaged: {
    short: "recorded, and damaged since",
    meaning:
      "The bytes on disk were lost; until the token's next written book its state is not known.",
  },
  "not-yet-watched": {
    short: "not on the watch list yet",
    meaning: "The token was chosen later in the hour. Not counted against coverage.",
  },
  "market-closed": {
    short: "the market was closed",
    meaning: "There was no book to record. Not counted against coverage.",
  },
  unknown: {
    short: "no evidence says why",
    meaning:
      "Neither journal nor books explain it. Please report it: every hole should have a name.",
  },
};
