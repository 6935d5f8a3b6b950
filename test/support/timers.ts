/** Timers in the order in which they are due; those due together in the order in which they were set. */

export interface Timer {
  due: number;
  callback: () => void;
}

export interface Timers {
  add(due: number, callback: () => void): Timer;
  remove(timer: Timer): void;
  next(): Timer | undefined;
}

/** A sorted list: a runtime has a few dozen timers, so that a heap would only be longer. */
export function createTimers(): Timers {
  const timers: Timer[] = [];
  return {
    add(due, callback) {
      const timer = { due, callback };
      const index = timers.findLastIndex((other) => other.due <= due);
      timers.splice(index + 1, 0, timer);
      return timer;
    },
    remove(timer) {
      const index = timers.indexOf(timer);
      if (index !== -1) timers.splice(index, 1);
    },
    next: () => timers[0],
  };
}
