/** Lines of a child's answer as they come, a bounded number ahead of whoever takes them. */
import type { Command } from "../../runtime/doors/children.ts";

// Few enough to take no memory, so many that neither side waits for each of them.
const linesAheadMax = 256;

/** `ask` begins at once; what it throws, the generator throws, behind the lines that came. */
export async function* asTheyCome(
  ask: (call: Required<Pick<Command, "onOutputLine">>) => Promise<void>,
): AsyncGenerator<string> {
  let lines: string[] = [];
  let isOver = false;
  let isLeft = false;
  let come = Promise.withResolvers<void>();
  let taken = Promise.withResolvers<void>();
  const onOutputLine = async (line: string): Promise<void> => {
    if (isLeft) return;
    lines.push(line);
    come.resolve();
    if (lines.length >= linesAheadMax) await taken.promise;
  };
  const ended = ask({ onOutputLine }).finally(() => {
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
    isLeft = true;
    taken.resolve();
  }
}
