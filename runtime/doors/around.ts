/** Puts something around every call of a door, and of what the door hands out: open files, locks. */

/** Given a method's name and the call itself; returns (or throws) in the call's place. */
export type Around = (method: string, call: () => unknown) => unknown;

export function around<T extends object>(door: T, wrap: Around): T {
  return new Proxy(door, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function" || typeof key === "symbol") return member;
      return (...args: unknown[]) =>
        handOut(
          wrap(key, () => Reflect.apply(member, target, args)),
          wrap,
        );
    },
  });
}

function handOut(result: unknown, wrap: Around): unknown {
  if (result instanceof Promise) return result.then((value) => handOut(value, wrap));
  return isHandle(result) ? around(result, wrap) : result;
}

// Whatever is given back after use is a door of its own.
function isHandle(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const { close, release } = value as { close?: unknown; release?: unknown };
  return typeof close === "function" || typeof release === "function";
}
