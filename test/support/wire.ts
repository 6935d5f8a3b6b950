/**
 * A socket under a virtual clock: a frame that was sent and has not been taken yet holds the clock, in both
 * directions, so that each is heard at the moment at which it was sent.
 */
import type { Socket, Sockets } from "../../runtime/doors/sockets.ts";
import type { Hold, VirtualClock } from "./virtual-clock.ts";

export interface Wire {
  /** For the venue: it has sent a frame, or taken one. */
  onFrame(what: "said" | "heard"): void;
  /** The client's door, connected by this wire. */
  around(door: Sockets): Sockets;
}

/** For one connection at a time. */
export function wire(clock: VirtualClock): Wire {
  const toClient: Hold[] = [];
  const toVenue: Hold[] = [];

  /** What is still under way when the connection ends never comes. */
  function cut(): void {
    for (const hold of [...toClient.splice(0), ...toVenue.splice(0)]) hold.release();
  }

  return {
    onFrame(what) {
      if (what === "said") toClient.push(clock.hold("a frame to the client"));
      else toVenue.shift()?.release();
    },
    around: (door) => ({
      async connect(url, options) {
        const hold = clock.hold(`connect ${url}`);
        try {
          return held(await door.connect(url, options));
        } finally {
          hold.release();
        }
      },
    }),
  };

  function held(socket: Socket): Socket {
    return {
      async next() {
        const text = await socket.next();
        // Released only once the frame is being worked on, which takes holds of its own.
        setImmediate(() => (text === undefined ? cut() : toClient.shift()?.release()));
        return text;
      },
      async send(text) {
        toVenue.push(clock.hold("a frame to the venue"));
        await socket.send(text);
      },
      async close() {
        await socket.close();
        cut();
      },
    };
  }
}
