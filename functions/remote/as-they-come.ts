/** Lines of a child's answer as they come, a bounded number ahead of whoever takes them. */
import type { Command } from "../../runtime/doors/children.ts";

// Few enough to take no memory, so many that neither side waits for each of them.
const linesAheadMax = 256;

/**
 * `ask` begins at once; what it throws, the generator throws, behind the lines that came. Its signal aborts with the one
 * given, and when nobody takes lines any more: what it runs must not go on behind the back of whoever left.
 */
export async function* asTheyCome(
  signal: AbortSignal,
  ask: (call: Required<Pick<Command, "onOutputLine" | "signal">>) => Promise<void>,
): AsyncGenerator<string> {
  let lines: string[] = [];
  let isOver = false;
  const left = new AbortController();
  let come = Promise.withResolvers<void>();
  let taken = Promise.withResolvers<void>();
  const onOutputLine = async (line: string): Promise<void> => {
    if (left.signal.aborted) return;
    lines.push(line);
    come.resolve();
    if (lines.length >= linesAheadMax) await taken.promise;
  };
  const ended = ask({
    onOutputLine,
    signal: AbortSignal.any([signal, left.signal]),
  }).finally(() => {
    isOver = true;
    come.resolve();
  });
  // Told below, where it is awaited.
  ended.catch(() => {});
  try {
    while (true) {
      await come.promise;
      const isLast = isOver;
      const batch = lines;
      lines = [];
      come = Promise.withResolvers();
      taken.resolve();
      taken = Promise.withResolvers();
      yield* batch;
      if (!isLast) continue;
      await ended;
      return;
    }
  } finally {
    left.abort();
    taken.resolve();
  }
}
