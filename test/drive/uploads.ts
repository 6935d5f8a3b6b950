/** The bodies of uploads: metadata and content in one, or a session that takes the content piece by piece. */

export interface Metadata {
  name?: string;
  mimeType?: string;
  parents?: string[];
  modifiedTime?: string;
  trashed?: boolean;
}

/** `multipart/related`: a JSON part, then the bytes. */
export function parseMultipart(
  contentType: string,
  body: Buffer,
): { metadata: Metadata; content: Buffer } {
  const [, boundary] = /boundary="?([^";]+)"?/.exec(contentType) ?? [];
  const parts: Buffer[] = [];
  let start = body.indexOf(`--${boundary}`);
  while (start >= 0) {
    const end = body.indexOf(`\r\n--${boundary}`, start + 1);
    if (end < 0) break;
    const part = body.subarray(start, end);
    parts.push(part.subarray(part.indexOf("\r\n\r\n") + 4));
    start = end + 2;
  }
  const [json, content] = parts;
  if (json === undefined || content === undefined) throw new Error("not two parts");
  return { metadata: JSON.parse(json.toString()) as Metadata, content };
}

export interface Session {
  metadata: Metadata;
  /** The object whose content it replaces. */
  replaces: string | undefined;
  received: Buffer;
}

/**
 * Adds a piece, such as `bytes 0-262143/1000000`. Only its last piece makes a file of a session: before, nothing
 * is to be seen of it.
 */
export function addPiece(session: Session, range: string, piece: Buffer): "more" | "done" {
  const [, first, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(range) ?? [];
  if (first !== undefined)
    session.received = Buffer.concat([session.received.subarray(0, Number(first)), piece]);
  return session.received.length === Number(total) ? "done" : "more";
}
