/** What lies on a disk in memory: files and folders, each with what a power cut would leave of it. */

let lastInode = 0;

export class MemoryFile {
  inode = (lastInode += 1);
  changes = 0;
  /** Names that it has. */
  links = 1;
  #bytes = Buffer.alloc(0);
  #length = 0;
  #durable = { bytes: this.#bytes, length: 0 };

  get length(): number {
    return this.#length;
  }

  read(offset: number, length: number): Buffer {
    // A copy, as a real read is: what is appended later must not show in it.
    return Buffer.from(this.#bytes.subarray(offset, Math.min(offset + length, this.#length)));
  }

  append(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) this.#move(2 * length);
    bytes.copy(this.#bytes, this.#length);
    this.#length = length;
    this.changes += 1;
  }

  truncate(length: number): void {
    // What is durable must not be written over in the storage that it shares.
    this.#move(length, Math.min(length, this.#length));
    this.#length = length;
    this.changes += 1;
  }

  sync(): void {
    this.#durable = { bytes: this.#bytes, length: this.#length };
  }

  /** `kept` in [0, 1]: how much the disk took of what was appended and not synced. */
  powerCut(kept: number): void {
    const { bytes, length } = this.#durable;
    const appended = Math.max(0, this.#bytes === bytes ? this.#length - length : 0);
    this.#bytes = bytes;
    this.#length = length + Math.floor(appended * kept);
    this.#move(this.#length);
    this.sync();
  }

  #move(capacity: number, length = this.#length): void {
    const bytes = Buffer.alloc(capacity);
    this.#bytes.copy(bytes, 0, 0, length);
    // Growing keeps every byte where it was, so that what is durable is found in the new storage as well.
    if (this.#durable.bytes === this.#bytes && length >= this.#durable.length)
      this.#durable.bytes = bytes;
    this.#bytes = bytes;
  }
}

export type MemoryNode = MemoryFile | MemoryFolder;

export class MemoryFolder {
  inode = (lastInode += 1);
  changes = 0;
  names = new Map<string, MemoryNode>();
  #durable = new Map<string, MemoryNode>();
  /** Where it would be found after a power cut. */
  #place: MemoryFolder | undefined;

  /** Of all files below; one of two names counts once for each. */
  get length(): number {
    return [...this.names.values()].reduce((sum, node) => sum + node.length, 0);
  }

  sync(): void {
    this.#durable = new Map(this.names);
    for (const node of this.names.values()) if (node instanceof MemoryFolder) node.#settleIn(this);
  }

  /** A folder has one name at any time: a disk takes a rename as one step. */
  #settleIn(folder: MemoryFolder): void {
    const before = this.#place;
    this.#place = folder;
    if (before === undefined || before === folder) return;
    for (const [name, node] of before.#durable) if (node === this) before.#durable.delete(name);
  }

  powerCut(keptOf: () => number): void {
    this.names = new Map(this.#durable);
    for (const node of this.names.values()) {
      if (node instanceof MemoryFolder) node.powerCut(keptOf);
      else node.powerCut(keptOf());
    }
  }
}
