/** A folder of its own for each test, gone with it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A test, or whatever else ends. */
export interface Ending {
  after(tidyUp: () => void): void;
}

export function temporaryFolder(t: Ending): string {
  const folder = mkdtempSync(join(tmpdir(), "hourbook-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
