/**
 * Compression works in threads of its own, behind no door. While it does, time must stand still as it does
 * for a disk call; so each piece that goes into zlib holds the clock until it has come out.
 */
import zlib from "node:zlib";
import type { Hold, VirtualClock } from "./virtual-clock.ts";

/** Holds this clock from now on, and no longer the one before it. */
export function holdZlib(clock: VirtualClock): void {
  held = clock;
  if (!isPatched) patch();
  isPatched = true;
}

let held: VirtualClock | undefined;
let isPatched = false;

interface ZlibPrototype {
  _transform(
    this: object,
    chunk: unknown,
    encoding: unknown,
    callback: (...results: unknown[]) => void,
  ): void;
  _destroy(this: object, error: unknown, callback: unknown): void;
}

// The one place that all its streams and one-shot calls go through.
function patch(): void {
  const base = Object.getPrototypeOf(Object.getPrototypeOf(zlib.Gzip.prototype)) as ZlibPrototype;
  const { _transform: transform, _destroy: destroy } = base;
  const underWay = new WeakMap<object, Hold>();
  const patched: ZlibPrototype = {
    _transform(chunk, encoding, callback) {
      const hold = held?.hold("zlib");
      if (hold !== undefined) underWay.set(this, hold);
      transform.call(this, chunk, encoding, (...results) => {
        hold?.release();
        callback(...results);
      });
    },
    // A stream that is given up midway calls nobody back.
    _destroy(error, callback) {
      underWay.get(this)?.release();
      destroy.call(this, error, callback);
    },
  };
  Object.assign(base, patched);
}
