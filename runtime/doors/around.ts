/** Puts something around every call of a door, and of what the door hands out: open files, locks. */

/** Given a method's name, the call itself and whose method it is; returns (or throws) in the call's place. */
export type Around = (method: string, call: () => unknown, owner: object) => unknown;

export function around<T extends object>(door: T, wrap: Around): T {
  return new Proxy(door, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function" || typeof key === "symbol") return member;
      return (...args: unknown[]) =>
        handOut(
          wrap(key, () => Reflect.apply(member, target, args), target),
          wrap,
        );
    },
  });
}

/** Whatever is given back after use (an open file, a lock) is a door of its own. */
export function isHandle(value: unknown): value is Handle {
  if (typeof value !== "object" || value === null) return false;
  const { close, release } = value as Handle;
  return typeof close === "function" || typeof release === "function";
}

export interface Handle {
  close?(): Promise<void>;
  release?(): Promise<void>;
}

function handOut(result: unknown, wrap: Around): unknown {
  if (result instanceof Promise) return result.then((value) => handOut(value, wrap));
  return isHandle(result) ? around(result, wrap) : result;
}
