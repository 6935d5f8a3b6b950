/** Drive's API, version 3, as far as rclone uses it: what is asked for, and the answer. */
import type { IncomingMessage } from "node:http";
import type { CallKind, Fault } from "./faults.ts";
import { type DriveObject, type DriveObjects, folderType, resourceOf, rootId } from "./objects.ts";
import { addPiece, type Metadata, parseMultipart, type Session } from "./uploads.ts";

export interface Call {
  kind: CallKind;
  url: URL;
  request: IncomingMessage;
  body: Buffer;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: object | Buffer;
}

const filesPath = "/drive/v3/files";
const uploadPath = "/upload/drive/v3/files";

/** `undefined`: nothing that this Drive knows. */
export function kindOf(method: string, url: URL): CallKind | undefined {
  const { pathname: path, searchParams: query } = url;
  if (path === "/token") return "token";
  if (path === "/drive/v3/about") return "about";
  if (path.startsWith(uploadPath)) {
    if (query.has("upload_id")) return "chunk";
    return query.get("uploadType") === "resumable" ? "session" : "upload";
  }
  if (path === filesPath) return method === "POST" ? "folder" : "list";
  if (!path.startsWith(`${filesPath}/`)) return undefined;
  if (method === "GET") return query.get("alt") === "media" ? "read" : "get";
  return method === "DELETE" ? "delete" : "update";
}

export class Api {
  #objects: DriveObjects;
  #sessions = new Map<string, Session>();

  constructor(objects: DriveObjects) {
    this.#objects = objects;
  }

  answer({ kind, url, request, body }: Call, faults: readonly Fault[]): Answer {
    const object = this.#objects.get(idIn(url));
    switch (kind) {
      case "list": {
        const files = this.#objects.search(url.searchParams.get("q") ?? "").map(resourceOf);
        return { status: 200, body: { kind: "drive#fileList", incompleteSearch: false, files } };
      }
      case "folder":
        return found(this.#make(parsed(body), Buffer.alloc(0)));
      case "upload": {
        const { metadata, content } = parseMultipart(request.headers["content-type"] ?? "", body);
        return found(this.#store(metadata, spoiled(content, faults), replacedBy(url)));
      }
      case "session":
        return this.#open(url, body);
      case "chunk":
        return this.#continue(url, request, body, faults);
      case "about":
        return { status: 200, body: { storageQuota: { limit: "1000000000", usage: "0" } } };
      default:
    }
    if (idIn(url) === "root") return { status: 200, body: { id: rootId, mimeType: folderType } };
    if (object === undefined) return missing(idIn(url));
    if (kind === "delete") {
      this.#objects.delete(object.id);
      return { status: 204 };
    }
    if (kind === "update") this.#update(object, parsed(body), url);
    return kind === "read" ? contentOf(object, request.headers.range) : found(object);
  }

  #make(metadata: Metadata, bytes: Buffer): DriveObject {
    return this.#objects.add({ name: "untitled", ...metadata, content: bytes });
  }

  #store(metadata: Metadata, bytes: Buffer, replaces: string | undefined): DriveObject | undefined {
    if (replaces === undefined) return this.#make(metadata, bytes);
    const object = this.#objects.get(replaces);
    return object && Object.assign(object, metadata, { content: bytes });
  }

  #update(object: DriveObject, metadata: Metadata, url: URL): void {
    Object.assign(object, metadata);
    const [added, removed] = ["addParents", "removeParents"].map((name) =>
      (url.searchParams.get(name) ?? "").split(",").filter((id) => id !== ""),
    );
    object.parents = [...object.parents.filter((id) => !removed?.includes(id)), ...(added ?? [])];
  }

  #open(url: URL, body: Buffer): Answer {
    const id = `session-${this.#sessions.size + 1}`;
    const session = {
      metadata: parsed(body),
      replaces: replacedBy(url),
      received: Buffer.alloc(0),
    };
    this.#sessions.set(id, session);
    const location = new URL(url);
    location.searchParams.set("upload_id", id);
    return { status: 200, headers: { location: location.href } };
  }

  #continue(url: URL, request: IncomingMessage, body: Buffer, faults: readonly Fault[]): Answer {
    const session = this.#sessions.get(url.searchParams.get("upload_id") ?? "");
    if (session === undefined) return missing("the session");
    if (addPiece(session, String(request.headers["content-range"]), body) === "more") {
      const { length } = session.received;
      return { status: 308, headers: length === 0 ? {} : { range: `bytes=0-${length - 1}` } };
    }
    const bytes = spoiled(session.received, faults);
    return found(this.#store(session.metadata, bytes, session.replaces));
  }
}

function idIn({ pathname }: URL): string {
  return decodeURIComponent(/\/drive\/v3\/files\/([^/]+)$/.exec(pathname)?.[1] ?? "");
}

function replacedBy(url: URL): string | undefined {
  return idIn(url) || undefined;
}

function parsed(body: Buffer): Metadata {
  return body.length === 0 ? {} : (JSON.parse(body.toString()) as Metadata);
}

function found(object: DriveObject | undefined): Answer {
  return object === undefined ? missing("the file") : { status: 200, body: resourceOf(object) };
}

function missing(what: string): Answer {
  return refusal(404, "notFound", `File not found: ${what}.`);
}

/** In the form in which Google says no. */
export function refusal(code: number, reason: string, message: string): Answer {
  const errors = [{ domain: "global", reason, message }];
  return { status: code, body: { error: { errors, code, message } } };
}

function contentOf({ content, rotted }: DriveObject, range: string | undefined): Answer {
  const bytes = rotted ?? content;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (first === undefined) return { status: 200, body: bytes };
  const end = Math.min(last === "" ? Infinity : Number(last), bytes.length - 1);
  const headers = { "content-range": `bytes ${first}-${end}/${bytes.length}` };
  return { status: 206, headers, body: bytes.subarray(Number(first), end + 1) };
}

function spoiled(bytes: Buffer, faults: readonly Fault[]): Buffer {
  if (faults.some(({ kind }) => kind === "half")) return bytes.subarray(0, bytes.length >> 1);
  if (!faults.some(({ kind }) => kind === "corrupt")) return bytes;
  const changed = Buffer.from(bytes);
  changed[bytes.length >> 1] = (changed[bytes.length >> 1] ?? 0) ^ 1;
  return changed;
}
