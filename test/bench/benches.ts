/** Every bench, by the name that `npm run bench -- NAME` takes. */
import { bench as archive } from "./archive.ts";
import { bench as gaps } from "./gaps.ts";
import { bench as offload } from "./offload.ts";
import { bench as poll } from "./poll.ts";
import type { Row } from "./rows.ts";
import { bench as runtime } from "./runtime.ts";

export interface Bench {
  what: string;
  /** `scale`: the share of its large cases, 1 for all of them. */
  run(scale: number): Promise<Row[]>;
}

export const benches: Record<string, Bench> = {
  poll: {
    what: "5,000 tokens every 10 s for a minute, beside `curl --json | gzip` under a loop and a naive Node collector",
    run: poll,
  },
  archive: {
    what: "a sealed hour, beside `gzip -6` of the same bodies and `zcat | grep`: bytes at rest, sealing, one token read",
    run: archive,
  },
  gaps: {
    what: "a day's gap report over 5,000 tokens, beside a script with all lines in memory, which knows no causes",
    run: gaps,
  },
  offload: {
    what: "hours to a fake Google Drive, beside `rclone copy` and then `rclone check`",
    run: offload,
  },
  runtime: {
    what: "seven jobs a second, beside node-cron, which keeps no record; and what an idle runtime costs, beside bare Node",
    run: runtime,
  },
};
