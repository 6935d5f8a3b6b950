/** Data that a function prints on stdout, to be piped: as fast as its reader takes it, and no longer than it reads. */
import type { Output } from "./function.ts";

export interface OutputSink {
  /** `done` when the text is taken, or with an error when the reader has gone. */
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): unknown;
}

export interface OpenOutput extends Output {
  /** Hands on what was written last. */
  end(): Promise<void>;
}

// One write for every line would cost more than the reading.
const batchBytes = 64 * 1024;

export function createOutput(sink: OutputSink): OpenOutput {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let isRead = true;

  function flush(): Promise<boolean> {
    const batch = Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
    if (!isRead || batch.length === 0) return Promise.resolve(isRead);
    return new Promise((resolve) => {
      sink.write(batch, (error) => {
        isRead &&= error === null || error === undefined;
        resolve(isRead);
      });
    });
  }

  return {
    async write(text) {
      const bytes = typeof text === "string" ? Buffer.from(text) : text;
      pending.push(bytes);
      pendingBytes += bytes.length;
      return pendingBytes < batchBytes ? isRead : flush();
    },
    async end() {
      await flush();
    },
  };
}

/** Takes everything and shows nothing: beside `--json`, whose one line is the result. */
export const noOutput: OpenOutput = { write: async () => true, end: async () => {} };
