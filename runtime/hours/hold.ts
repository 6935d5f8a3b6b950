/**
 * The hour file that one process appends to again and again, held open between its appends: six calls of the disk
 * for an append instead of thirty. Nothing is believed from one append to the next. Under the writer lock it is
 * seen again that the file's name still stands for the file that is held, as the newest part of its hour; that it
 * ends where, and as, this process left it; and that no hour was closed since. If not, or if this cannot be seen,
 * everything is looked at anew.
 */
import { join } from "node:path";
import type { Files, OpenFile, Stat } from "../doors/files.ts";
import type { Hour } from "../time.ts";
import type { Appended, HourLogOptions, Tail } from "./hour-log.ts";
import { crcOf, trailerBytes } from "./member.ts";
import { closedPath, newestPartName, openFolder, partNumber } from "./parts.ts";
import { firstNumber, membersPerPartMax } from "./repair.ts";
import { memoryPath, memoryText } from "./tail.ts";

interface Held {
  last: Appended;
  part: number;
  inode: number;
  /** Of the list of closed hours. */
  closed: string;
  file: OpenFile;
  memory: OpenFile;
}

// Node ends a process in which an open file is collected as garbage.
const keptAlive = new Set<Held>();

export class Hold {
  #options: HourLogOptions;
  #held: Held | undefined;

  constructor(options: HourLogOptions) {
    this.#options = options;
  }

  /** Where the hour's next member goes, and how to write it there; `undefined` if that has to be looked up. */
  async find(hour: Hour): Promise<{ tail: Tail; options: HourLogOptions } | undefined> {
    const held = this.#held;
    if (held === undefined || held.last.hour !== hour || !(await this.#isAsLeft(held))) {
      await this.letGo();
      return undefined;
    }
    const { last, part } = held;
    const { file, bytes, crc } = last;
    const tail = { hour, part, number: last.number + 1, file, bytes, crc, isFirst: false };
    return { tail, options: this.#writingTo(held) };
  }

  /** Holds the file that was just appended to. The caller has the writer lock. */
  async take(last: Appended): Promise<void> {
    const { files } = this.#options.machine;
    await this.letGo();
    const path = this.#pathOf(last);
    const [found, closed] = await Promise.all([files.stat(path), this.#closed()]);
    if (found === undefined) return;
    const file = await files.open(path, "append");
    const memory = await files.open(memoryPath(this.#options), "append").catch(() => undefined);
    if (memory === undefined) return file.close();
    this.#held = { last, part: partNumber(last.file), inode: found.inode, closed, file, memory };
    keptAlive.add(this.#held);
  }

  /** What was appended to the file that is held. */
  async moved(last: Appended): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    held.last = last;
    try {
      // A torn memory does not parse, and costs who reads it one look at the hour.
      await held.memory.truncate(0);
      await held.memory.write(memoryText(last));
    } catch {
      await this.letGo();
    }
  }

  async letGo(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    keptAlive.delete(held);
    await Promise.allSettled([held.file.close(), held.memory.close()]);
  }

  async #isAsLeft({ last, part, inode, closed, file }: Held): Promise<boolean> {
    if (last.number - firstNumber(part) >= membersPerPartMax) return false;
    const { machine, dataFolder, stream } = this.#options;
    try {
      const [newest, found, closedNow, trailer] = await Promise.all([
        newestPartName(machine.files, dataFolder, stream, last.hour),
        machine.files.stat(this.#pathOf(last)),
        this.#closed(),
        file.read(last.bytes - trailerBytes, trailerBytes),
      ]);
      return (
        newest === last.file &&
        found?.inode === inode &&
        found.bytes === last.bytes &&
        closedNow === closed &&
        trailer.length === trailerBytes &&
        crcOf(trailer) === last.crc
      );
    } catch {
      return false;
    }
  }

  #writingTo(held: Held): HourLogOptions {
    const { machine } = this.#options;
    const path = this.#pathOf(held.last);
    const open: Files["open"] = async (name, mode) =>
      name === path ? { ...held.file, close: async () => {} } : machine.files.open(name, mode);
    return { ...this.#options, machine: { ...machine, files: { ...machine.files, open } } };
  }

  async #closed(): Promise<string> {
    const { machine, dataFolder, stream } = this.#options;
    return versionOf(await machine.files.stat(closedPath(dataFolder, stream)));
  }

  #pathOf({ file }: Appended): string {
    return join(openFolder(this.#options.dataFolder), file);
  }
}

function versionOf(found: Stat | undefined): string {
  return found === undefined ? "none" : `${found.inode} ${found.bytes} ${found.changedMs}`;
}
