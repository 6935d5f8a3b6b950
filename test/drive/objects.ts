/**
 * What the fake Drive holds: objects with an ID, a name and a parent. Names are no keys, so a folder can hold
 * two objects of one name, as Drive's can. Tests look at it, and change it behind the client's back.
 */
import { createHash } from "node:crypto";
import { parseQuery } from "./query.ts";

export const folderType = "application/vnd.google-apps.folder";
export const rootId = "root-0000";

export interface DriveObject {
  id: string;
  name: string;
  parents: string[];
  mimeType: string;
  content: Buffer;
  /** What is read where it is no longer what its hashes say. */
  rotted?: Buffer;
  trashed: boolean;
  modifiedTime: string;
  /** Stored, and in no listing yet. */
  isLate: boolean;
}

export class DriveObjects {
  #objects = new Map<string, DriveObject>();
  #lastId = 0;
  /** While it is set, what is stored appears in no listing until `catchUp`. */
  isLagging = false;

  /** Gives it an ID; another object of its name stays beside it. */
  add(made: Partial<DriveObject> & { name: string }): DriveObject {
    this.#lastId += 1;
    const object: DriveObject = {
      id: `id-${String(this.#lastId).padStart(6, "0")}`,
      parents: [rootId],
      mimeType: "application/octet-stream",
      content: Buffer.alloc(0),
      trashed: false,
      modifiedTime: "2026-11-22T00:00:00.000Z",
      isLate: this.isLagging,
      ...made,
    };
    object.parents = object.parents.map((parent) => (parent === "root" ? rootId : parent));
    this.#objects.set(object.id, object);
    return object;
  }

  get(id: string): DriveObject | undefined {
    return this.#objects.get(id);
  }

  delete(id: string): void {
    for (const { id: child, parents } of this.#objects.values())
      if (parents.includes(id)) this.delete(child);
    this.#objects.delete(id);
  }

  search(query: string): DriveObject[] {
    const isWanted = parseQuery(query.replaceAll("'root'", `'${rootId}'`));
    return [...this.#objects.values()].filter((object) => !object.isLate && isWanted(object));
  }

  /** The listings show everything that is there, from now on what is added too. */
  catchUp(): void {
    this.isLagging = false;
    for (const object of this.#objects.values()) object.isLate = false;
  }

  /** Every object of that path below a folder of the root, late ones included, trashed ones not. */
  at(path: string): DriveObject[] {
    return this.files().get(path) ?? [];
  }

  /** All files by path, whether listings show them or not, but for what is in the trash. */
  files(): Map<string, DriveObject[]> {
    const found = [...this.#objects.values()].filter(({ mimeType }) => mimeType !== folderType);
    const named = found.flatMap((object) => {
      const path = this.#pathOf(object);
      return path === undefined ? [] : [{ path, object }];
    });
    const byPath = Map.groupBy(named, ({ path }) => path);
    return new Map([...byPath].map(([path, all]) => [path, all.map(({ object }) => object)]));
  }

  #pathOf(object: DriveObject): string | undefined {
    if (object.trashed) return undefined;
    const [parent = rootId] = object.parents;
    if (parent === rootId) return object.name;
    const folder = this.#objects.get(parent);
    const above = folder === undefined ? undefined : this.#pathOf(folder);
    return above === undefined ? undefined : `${above}/${object.name}`;
  }
}

export function hashesOf(content: Buffer): { md5: string; sha1: string; sha256: string } {
  const of = (name: string): string => createHash(name).update(content).digest("hex");
  return { md5: of("md5"), sha1: of("sha1"), sha256: of("sha256") };
}

/** As the API answers it: sizes are strings, folders have neither size nor hash. */
export function resourceOf(object: DriveObject): object {
  const { id, name, mimeType, parents, trashed, modifiedTime, content } = object;
  const common = { kind: "drive#file", id, name, mimeType, parents, trashed, modifiedTime };
  const shared = { ...common, createdTime: modifiedTime };
  if (mimeType === folderType) return shared;
  const { md5, sha1, sha256 } = hashesOf(content);
  const hashes = { md5Checksum: md5, sha1Checksum: sha1, sha256Checksum: sha256 };
  return { ...shared, ...hashes, size: String(content.length) };
}
