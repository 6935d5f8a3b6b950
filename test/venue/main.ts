/**
 * The simulated venue by hand: `node test/venue/main.ts --help`. It prints the environment that points
 * Hourbook at it, and runs until Ctrl-C.
 */
import { parseArgs } from "node:util";
import { systemClock } from "../../runtime/doors/clock.ts";
import { faultKinds, type Endpoint, type Fault, type FaultKind } from "./faults.ts";
import { startVenue } from "./venue.ts";

const usage = `node test/venue/main.ts [flags]
  --port N          Gamma's port; the CLOB and the stream get the next one (default: free ones)
  --markets N       open markets, two tokens each (default 50)
  --seed N          another seed is another venue (default 1)
  --churn X         share of books that change within a minute, 0 to 1 (default 0.25)
  --turnover X      share of markets that live 15 minutes to 4 hours (default 0.05; 0: none opens or closes)
  --plain           without odd markets, missing books and short pages
  --gamma-cache S   how old Gamma's answers may be, in seconds (default 300)
  --payloads DIR    serve the captured books and markets in DIR as they are
  --gzip            compress for clients that accept it
  --fault KIND      may be repeated; KIND, KIND@ENDPOINT, KIND*COUNT or KIND@ENDPOINT*COUNT
  --fault-rate X    each request has this chance of a random fault
  --fault-after S   the faults begin so many seconds from now
  endpoints: books book clob markets events stream
  kinds: ${faultKinds.join(" ").replace(/(.{60,80}) /g, "$1\n         ")}
`;

const { values: flags } = parseArgs({
  options: {
    port: { type: "string" },
    markets: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    churn: { type: "string", default: "0.25" },
    turnover: { type: "string", default: "0.05" },
    plain: { type: "boolean", default: false },
    "gamma-cache": { type: "string", default: "300" },
    payloads: { type: "string" },
    gzip: { type: "boolean", default: false },
    fault: { type: "string", multiple: true, default: [] },
    "fault-rate": { type: "string", default: "0" },
    "fault-after": { type: "string", default: "0" },
    help: { type: "boolean", default: false },
  },
});

if (flags.help) {
  process.stdout.write(usage);
} else {
  await run().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 64;
  });
}

async function run(): Promise<void> {
  const from = systemClock.now() + 1000 * number("fault-after");
  const venue = await startVenue({
    clock: systemClock,
    seed: number("seed"),
    markets: number("markets"),
    churn: number("churn"),
    turnover: number("turnover"),
    gammaCacheMs: 1000 * number("gamma-cache"),
    quirks: !flags.plain,
    gzip: flags.gzip,
    faults: flags.fault.map((text) => faultOf(text, from)),
    // By hand it may run for days, and nobody asks what was served.
    remember: "counts",
    ...(flags.port !== undefined && { port: Number(flags.port) }),
    ...(flags.payloads !== undefined && { payloads: flags.payloads }),
  });
  if (number("fault-rate") > 0) venue.faults.random(number("seed"), number("fault-rate"));

  process.stdout.write(
    `export HOURBOOK_GAMMA_URL=${venue.gammaUrl}\n` +
      `export HOURBOOK_CLOB_URL=${venue.clobUrl}\n` +
      `export HOURBOOK_STREAM_URL=${venue.streamUrl}\n`,
  );
  const stop = (): void => void venue.close();
  process.once("SIGINT", stop).once("SIGTERM", stop);
}

function number(
  name: "seed" | "markets" | "churn" | "turnover" | "gamma-cache" | "fault-rate" | "fault-after",
): number {
  const value = Number(flags[name]);
  if (Number.isNaN(value)) throw new Error(`--${name} must be a number, not ${flags[name]}`);
  return value;
}

function faultOf(text: string, from: number): Fault {
  const [, kind = "", on, count] = /^([^@*]+)(?:@([^*]+))?(?:\*(\d+))?$/.exec(text) ?? [];
  return {
    kind: kind as FaultKind,
    from,
    ...(on !== undefined && { on: on as Endpoint }),
    ...(count !== undefined && { count: Number(count) }),
  };
}
