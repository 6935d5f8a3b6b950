/** A certificate for Google's host names that nobody but its own test trusts. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Certificate {
  key: Buffer;
  cert: Buffer;
  /** It is its own authority: what the client must be told to trust. */
  certFile: string;
}

export async function throwAwayCertificate(
  folder: string,
  hosts: readonly string[],
): Promise<Certificate> {
  const [keyFile, certFile] = [join(folder, "fake-drive.key"), join(folder, "fake-drive.pem")];
  const names = hosts.map((host) => `DNS:${host}`).join(",");
  const kind = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" ");
  const subject = ["-subj", "/CN=fake drive", "-addext", `subjectAltName=${names}`];
  const files = ["-keyout", keyFile, "-out", certFile];
  await promisify(execFile)("openssl", ["req", ...kind, ...subject, ...files]);
  return { key: await readFile(keyFile), cert: await readFile(certFile), certFile };
}
