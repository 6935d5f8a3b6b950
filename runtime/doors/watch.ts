/**
 * Something in a folder changed: a hint to look, never a promise. Editors save by renaming, after which a watcher
 * of the file itself would be deaf, so the folder is watched. What cannot be watched (no such folder, no inotify
 * instance left, a network filesystem) is said once.
 */
import { watch as watchPath } from "node:fs";

/** Watches until `stop` is called or it fails; neither of the two callbacks is called after that. */
export type Watch = (
  folder: string,
  onChange: () => void,
  onFailure: (error: Error) => void,
) => Stop;

type Stop = () => void;

export const systemWatch: Watch = (folder, onChange, onFailure) => {
  let isOver = false;
  let close: Stop = () => {};
  const fail = (error: Error): void => {
    if (isOver) return;
    stop();
    onFailure(error);
  };
  function stop(): void {
    isOver = true;
    close();
  }
  try {
    const watcher = watchPath(folder, { persistent: false }, () => {
      if (!isOver) onChange();
    });
    watcher.on("error", fail);
    close = () => watcher.close();
  } catch (error) {
    // Not from within the call: who asked has not got `stop` yet.
    queueMicrotask(() => fail(error as Error));
  }
  return stop;
};
