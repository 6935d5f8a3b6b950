/** The kinds of incidents. Each has a section of its name in docs/incidents.md, and no other has. */

export interface IncidentKind {
  /** What happened, in a sentence. */
  title: string;
  safe: string;
  /** What to type. */
  next: string;
}

export const incidentKinds = {
  SCHEMA_CHANGED: {
    title: "The venue sent something of another shape than before.",
    safe: "Its bytes are in the quarantine stream of the hour, whole; all that was understood is recorded.",
    next: "npm run -s fn -- verify, then zcat the hour's quarantine file and compare with docs.polymarket.com",
  },
  MAPPING_CONFLICT: {
    title: "The venue's answers do not agree on which token belongs to which market.",
    safe: "What does not agree is in the quarantine stream; the token's hour is labelled, nothing is changed.",
    next: "npm run fn -- discover, then compare the market's raw object in the markets stream with the book",
  },
  TIMESTAMP_MISUNDERSTOOD: {
    title: "The venue's own times are no plausible times.",
    safe: "The recorder's own times (scheduled, sent, received) do not rest on them; every text is as it came.",
    next: "npm run -s fn -- read --token TOKEN --from HOUR, and look at `timestamp`",
  },
  HASH_DRIFT: {
    title: "The venue's hashes are not those of the books that they came with.",
    safe: "Every book is recorded byte for byte; the file's own checksums are of those bytes.",
    next: "npm run fn -- verify, then docs/data-quality.md, hash",
  },
  LARGE_GAP: {
    title: "Books are missing over a long stretch.",
    safe: "What was recorded before and after is untouched; each missing slot has its cause in the gap report.",
    next: "npm run status -- --why snapshot-poll --at TIME",
  },
  FILE_TORN: {
    title: "An open hour was not closed cleanly, and had to be repaired.",
    safe: "Every poll that was reported as recorded is there; the torn bytes are in the quarantine stream.",
    next: "npm run status -- --why snapshot-poll --at TIME; journalctl -u hourbook around that time",
  },
  COPY_DIFFERS: {
    title: "The remote holds something else than what was sealed here.",
    safe: "The local files are as they were sealed, and prune keeps them.",
    next: "look at the remote, move away what is not this collector's, then npm run fn -- offload",
  },
  LOST: {
    title:
      "Files are lost: they were deleted here once the remote held them, and it holds them no more.",
    safe: "Everything else is as it was; the SHA-256 of what is lost is known, so that any copy of it can be told.",
    next: "look in the remote's trash and versions, then npm run fn -- scrub and npm run fn -- restore",
  },
} as const satisfies Record<string, IncidentKind>;

export type IncidentCode = keyof typeof incidentKinds;
