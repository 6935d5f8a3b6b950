/**
 * Measures one sealed hour of books. A large hour is sampled by poll number, so that both tokens of a market
 * are looked at in the same polls and everyone who measures it again looks at the same books.
 */
import { join } from "node:path";
import { settleNames } from "../../runtime/durable.ts";
import type { CoreSettings, Run } from "../../runtime/function.ts";
import type { Hour } from "../../runtime/time.ts";
import { archiveFolder, hourPaths, type StreamId } from "../archive/layout.ts";
import { bookOf, parseHeadLine, type PollLine, rawOf } from "../archive/lines.ts";
import { readManifest } from "../archive/manifest.ts";
import { readIndex, type SealedIndex } from "../archive/sealed-index.ts";
import { readFileRange } from "../archive/sealed-read.ts";
import { alarmsIn } from "./alarms.ts";
import { sumAnswers } from "./answer-sums.ts";
import { BookSummer, type Mirror } from "./book-sums.ts";
import { checkBook } from "./check-book.ts";
import type { QualityReport } from "./report.ts";

export const booksStream: StreamId = { venue: "polymarket", stream: "books" };

export type MeasureRun = Pick<Run, "clock" | "files" | "signal"> & { settings: CoreSettings };

interface HourFile {
  run: MeasureRun;
  index: SealedIndex;
  path: string;
  /** Of polls with a number that it divides, each book is checked, and of each token the first. */
  stride: number;
  summer: BookSummer;
}

export async function measureHour(
  run: MeasureRun,
  hour: Hour,
  booksMax: number,
): Promise<QualityReport> {
  const { files, settings } = run;
  const { dataFolder, collector } = settings;
  const paths = hourPaths({ ...booksStream, hour }, collector);
  const manifest = await readManifest(files, dataFolder, { ...booksStream, hour }, collector);
  // The report names it by its sum.
  await settleNames(files, [join(archiveFolder(dataFolder), manifest.path)]);
  const index = await readIndex(files, dataFolder, paths.index);
  const { books: recorded, rawBytes, bytes: fileBytes } = index.data;
  const file: HourFile = {
    run,
    index,
    path: join(archiveFolder(dataFolder), paths.data),
    stride: Math.max(1, Math.ceil(recorded / booksMax)),
    summer: new BookSummer(),
  };
  const { polls, markets } = await readHead(file);
  for (const tokens of markets) await checkMarket(file, tokens);

  const { receivedBytes, ...answers } = sumAnswers(polls);
  const measured = {
    books: { recorded, ...file.summer.total() },
    answers,
    bytes: { received: receivedBytes, lines: rawBytes, file: fileBytes },
  };
  return {
    schema: 1,
    kind: "quality-report",
    collector,
    venue: booksStream.venue,
    hour,
    ...measured,
    alarms: alarmsIn(measured),
    sources: [{ path: manifest.path, sha256: manifest.sha256 }],
  };
}

interface Head {
  polls: Pick<PollLine, "requests">[];
  /** The tokens with books, each market's together. */
  markets: string[][];
}

async function readHead({ run, index, path }: HourFile): Promise<Head> {
  const polls: Head["polls"] = [];
  const marketOf = new Map<string, string>();
  for await (const batch of readFileRange(run.files, path, index.head)) {
    for (const line of batch) {
      // One that says nothing is sealed all the same, and says nothing here.
      const value = parseHeadLine(line);
      if (value?.kind === "poll") polls.push({ requests: value.requests });
      if (value?.kind !== "watch") continue;
      for (const { token, market } of value.tokens) marketOf.set(token, market);
    }
  }
  // A token whose watch line was lost stands alone.
  const tokens = Object.keys(index.tokens);
  const markets = Map.groupBy(tokens, (token) => marketOf.get(token) ?? token);
  return { polls, markets: [...markets.values()] };
}

async function checkMarket(file: HourFile, tokens: readonly string[]): Promise<void> {
  const mirrors: Mirror[] = [];
  for (const token of tokens) {
    file.run.signal.throwIfAborted();
    mirrors.push(await checkToken(file, token));
  }
  const [one, other, third] = mirrors;
  if (one !== undefined && other !== undefined && third === undefined)
    file.summer.addPair(one, other);
}

async function checkToken(file: HourFile, token: string): Promise<Mirror> {
  const { run, index, path, stride, summer } = file;
  const mirror = new Map<
    number,
    { own: string; mirrored: string; timestamp: number | undefined }
  >();
  const range = index.tokens[token]!;
  // A few books a batch, each inflated in another thread: a poll that is due meanwhile does not wait.
  for await (const batch of readFileRange(run.files, path, range)) {
    for (const line of batch) {
      const poll = bookOf(line)?.poll ?? range.first;
      if (poll % stride !== 0 && poll !== range.first) continue;
      const check = checkBook(rawOf(line));
      summer.add(check, receivedOf(line));
      const { own, mirrored, timestamp } = check;
      mirror.set(poll, { own, mirrored, timestamp });
    }
  }
  return mirror;
}

// Before the venue's own text, which may hold anything.
const headCharsMax = 512;

function receivedOf(line: Buffer): number {
  const head = line.toString("latin1", 0, headCharsMax);
  return Date.parse(/"received":"([^"]*)"/.exec(head)?.[1] ?? "");
}
