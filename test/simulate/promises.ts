/**
 * The promises of docs/architecture.md, held against the disk and the venue's own counters. Shares no code with what
 * recorded, sealed, copied and deleted.
 */
import { hourEnd, type Hour } from "./hours.ts";
import type { Deployment } from "./deployment.ts";
import { collector, dataFolder, remoteFolder } from "./deployment.ts";
import { type DiskView, type Line, sha256, viewOf } from "./disk-view.ts";
import { type Book, type BooksHour, booksHours, journalLines } from "./recorded.ts";

interface Chained {
  seq: number;
  previous: Line | null;
}

export class Promises {
  #deployment: Deployment;
  #view: DiskView;
  /** Sealed files by path in the archive, as first seen. */
  #sealed = new Map<string, string>();
  /** What somebody did to the remote, by path there. */
  readonly tampered = new Set<string>();
  readonly findings: string[] = [];

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
    this.#view = viewOf(deployment.disk);
  }

  /** Of everything that is sealed, here and there: equal for equal archives. */
  async fingerprint(): Promise<string> {
    const digests: string[] = [];
    for (const folder of [`${dataFolder}/archive`, remoteFolder])
      for (const [path, bytes] of await this.#files(folder))
        digests.push(`${folder}/${path} ${sha256(bytes)}`);
    return sha256(digests.toSorted().join("\n"));
  }

  /** At any moment at which nothing is under way. */
  async check(): Promise<void> {
    const archive = await this.#files(`${dataFolder}/archive`);
    const remote = await this.#files(remoteFolder);
    const open = await this.#files(`${dataFolder}/open`);
    this.#checkSealed(archive, remote);
    this.#checkDeleted(archive, remote);
    this.#checkChain(archive, remote);
    this.#checkJournal(archive, remote, open);
    this.#checkRecorded(booksHours(archive, remote, open));
    this.#checkReadOnly();
  }

  /** Path relative to the folder → bytes; what is on its way in or out has a name that begins with a dot. */
  async #files(folder: string): Promise<Map<string, Buffer>> {
    const found = await this.#view.files(folder);
    const own = [...found].filter(([path]) => !path.includes("/."));
    return new Map(own.map(([path, bytes]) => [path.slice(folder.length + 1), bytes]));
  }

  #find(promise: string, what: string): void {
    const text = `${promise}: ${what}`;
    if (!this.findings.includes(text)) this.findings.push(text);
  }

  /** 1 and 2: each acknowledged poll is there, once, with its books; each book is what the venue sent. */
  #checkRecorded(hours: ReadonlyMap<Hour, BooksHour>): void {
    const byHour = Map.groupBy(this.#deployment.acks, ({ hour }) => hour);
    for (const [hour, acks] of byHour) {
      const found = hours.get(hour);
      // Somebody spoilt the only copy that there was.
      if (this.#isForgiven(hour)) continue;
      if (found === undefined) {
        this.#find("nothing is lost", `hour ${hour} is nowhere`);
        continue;
      }
      for (const { poll: number, books } of acks) {
        const polls = found.polls.filter(({ line }) => line["poll"] === number);
        if (polls.length !== 1)
          this.#find("nothing is lost", `poll ${number} of ${hour} is there ${polls.length} times`);
        else if (polls[0]?.books.length !== books)
          this.#find(
            "nothing is lost",
            `poll ${number} of ${hour} has ${polls[0]?.books.length} of ${books} books`,
          );
      }
    }
    for (const found of hours.values()) this.#checkPolls(found);
  }

  #isForgiven(hour: Hour): boolean {
    const folder = `date=${hour.slice(0, 10)}/hour=${hour.slice(11)}/`;
    return [...this.tampered].some((path) => path.includes(folder));
  }

  #checkPolls({ hour, polls, watches, lost }: BooksHour): void {
    const numbers = new Set<unknown>();
    for (const { line, books } of polls) {
      const { poll, watch, unchanged, missing } = line as Record<string, any>;
      if (numbers.has(poll)) this.#find("nothing is wrong", `${hour} has two polls ${poll}`);
      numbers.add(poll);
      const watched = watches.get(watch as string);
      const sum = books.length + Number(unchanged) + (missing as unknown[]).length;
      if (watched === undefined) {
        if (!lost) this.#find("nothing is wrong", `poll ${poll} of ${hour} has no watch list`);
      } else if (sum !== watched.length && !lost)
        this.#find("nothing is wrong", `poll ${poll} of ${hour}: ${sum} of ${watched.length}`);
      for (const book of books) this.#checkBook(hour, book);
      this.#checkCauses(hour, line);
    }
  }

  #served = new Map<string, Set<string>>();

  #checkBook(hour: Hour, book: Book): void {
    const { token, raw } = book;
    if ((JSON.parse(raw) as { asset_id?: unknown }).asset_id !== token)
      this.#find("nothing is wrong", `a book in ${hour} is another token's`);
    let served = this.#served.get(token);
    if (served === undefined || !served.has(sha256(raw))) {
      const all = this.#deployment.venue.served;
      const sent = [...all.books(token), ...all.spoilt(token)];
      served = new Set(sent.map((each) => each.sha256));
      this.#served.set(token, served);
    }
    if (!served.has(sha256(raw)) && !this.#wasInCutAnswer(book))
      this.#find("nothing is wrong", `a book in ${hour} is not what the venue sent`);
  }

  /** Of an answer that was cut the venue keeps no list; its books were those of that moment. */
  #wasInCutAnswer({ token, raw, sent, received }: Book): boolean {
    const { served, truth } = this.#deployment.venue;
    return served.requests.some(
      ({ at, whole }) =>
        whole === false && at >= sent && at <= received && truth.book(token, at) === raw,
    );
  }

  /** A poll that got nothing but refusals may not say that the venue left its tokens out. */
  #checkCauses(hour: Hour, line: Line): void {
    const { poll, missing, requests } = line as Record<string, any>;
    const statuses = new Set((requests as Line[]).map(({ status }) => status));
    const reasons = new Set((missing as Line[]).map(({ reason }) => reason));
    if (reasons.has("omitted") && !statuses.has(200))
      this.#find("nothing is wrong", `poll ${poll} of ${hour} calls omitted what was refused`);
    const at = {
      from: Date.parse(line["started"] as string),
      to: Date.parse(line["ended"] as string),
    };
    // The venue also says "Too Many Requests" in an answer of status 200.
    const refused = this.#deployment.venue.served.requests.some(
      (request) =>
        request.at >= at.from &&
        request.at <= at.to &&
        (request.status === 429 || request.fault === "error-200"),
    );
    if (reasons.has("venue-429") && !refused)
      this.#find("nothing is wrong", `poll ${poll} of ${hour} names a 429 that never was`);
  }

  /** 3: a sealed file never changes, here or there, and no hour is sealed before it is over. */
  #checkSealed(archive: ReadonlyMap<string, Buffer>, remote: ReadonlyMap<string, Buffer>): void {
    for (const [path, bytes] of archive) {
      const digest = sha256(bytes);
      const first = this.#sealed.get(path);
      if (first === undefined) this.#checkNew(path);
      else if (first !== digest) this.#find("nothing sealed changes", path);
      this.#sealed.set(path, first ?? digest);
    }
    for (const [path, bytes] of remote) {
      const first = this.#sealed.get(path);
      if (first !== undefined && first !== sha256(bytes) && !this.tampered.has(path))
        this.#find("nothing sealed changes", `${path} on the remote`);
    }
  }

  #checkNew(path: string): void {
    const [, date, hour] = /date=([\d-]+)\/hour=(\d\d)\//.exec(path) ?? [];
    if (date === undefined) return;
    if (hourEnd(`${date}T${hour}`) > this.#deployment.latest)
      this.#find("nothing sealed changes", `${path} was sealed before its hour was over`);
  }

  /** 4: what is no longer here was on the remote, the same, when it went. */
  #checkDeleted(archive: ReadonlyMap<string, Buffer>, remote: ReadonlyMap<string, Buffer>): void {
    for (const [path, digest] of this.#sealed) {
      if (archive.has(path) || this.#gone.has(path)) continue;
      const copy = remote.get(path);
      this.#gone.add(path);
      if (copy === undefined) this.#find("nothing is deleted unproven", `${path} is nowhere`);
      else if (sha256(copy) !== digest)
        this.#find("nothing is deleted unproven", `${path} is another on the remote`);
    }
  }

  #gone = new Set<string>();

  /** Each manifest names the one before it, by its number and its sum. */
  #checkChain(archive: ReadonlyMap<string, Buffer>, remote: ReadonlyMap<string, Buffer>): void {
    const manifests = new Map<string, { seq: number; previous: Line | null; digest: string }>();
    for (const [path, bytes] of [...remote, ...archive]) {
      if (!path.endsWith(`${collector}.manifest.json`) || this.tampered.has(path)) continue;
      const { seq, previous } = JSON.parse(bytes.toString()) as Chained;
      manifests.set(path, { seq, previous, digest: sha256(bytes) });
    }
    const places = new Set<string>();
    for (const [path, { seq, previous }] of manifests) {
      const place = `${/stream=\w+/.exec(path)?.[0]} ${seq}`;
      if (places.has(place)) this.#find("nothing sealed changes", `two manifests are ${place}`);
      places.add(place);
      if (previous === null) {
        if (seq !== 1) this.#find("nothing sealed changes", `${path} begins a chain at ${seq}`);
        continue;
      }
      const before = manifests.get(previous["path"] as string);
      if (before === undefined) {
        if (!this.tampered.has(previous["path"] as string))
          this.#find(
            "nothing sealed changes",
            `${path} names ${String(previous["path"])}: nowhere`,
          );
      } else if (before.digest !== previous["sha256"] || before.seq !== seq - 1)
        this.#find("nothing sealed changes", `${path} is chained to what it should not be`);
      const stream = /stream=\w+/.exec(path)?.[0];
      if (stream !== /stream=\w+/.exec(previous["path"] as string)?.[0])
        this.#find("nothing sealed changes", `${path} is chained to another stream`);
    }
  }

  /** Each slot is run once, but for those marked `repeat`. */
  #checkJournal(...places: ReadonlyMap<string, Buffer>[]): void {
    const seen = new Map<string, unknown>();
    for (const { value } of journalLines(places)) {
      if (value.kind !== "begin" || typeof value["scheduled"] !== "string") continue;
      const slot = `${String(value["function"])} ${value["scheduled"]}`;
      // A disk that fails can leave a line that was not acknowledged, which is then written again.
      const isOther = seen.has(slot) && seen.get(slot) !== value["run"];
      if (isOther && value["repeat"] !== true)
        this.#find("nothing is wrong", `${slot} was run twice`);
      seen.set(slot, value["run"]);
    }
  }

  /** 6: the venue was asked for public reads and nothing else. */
  #checkReadOnly(): void {
    const other = this.#deployment.venue.served.count("other");
    if (other > 0) this.#find("it can only read", `${other} requests of other kinds`);
  }
}
