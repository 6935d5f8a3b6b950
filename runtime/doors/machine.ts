/** Everything outside the process, in one value: the real machine here, a virtual or faulty one in tests. */
import { systemChildren, type Children } from "./children.ts";
import { systemClock, type Clock } from "./clock.ts";
import { systemFiles, type Files } from "./files.ts";
import { systemHttp, type Endpoint, type Http } from "./http.ts";
import { systemSockets, type Sockets } from "./sockets.ts";
import { systemWatch, type Watch } from "./watch.ts";

export interface Machine {
  clock: Clock;
  files: Files;
  /** For the runtime alone: what runs is told of nothing, it looks. */
  watch: Watch;
  /** A door that lets these reads through and nothing else. */
  http(endpoints: readonly Endpoint[]): Http;
  /** A door that connects to these addresses and no others. */
  sockets(urls: readonly string[]): Sockets;
  /** A door that runs these programs and nothing else. */
  children(programs: readonly string[]): Children;
  /** In [0, 1): the one source of chance. */
  random(): number;
  /** The user that this process runs as; `undefined` where the system numbers none. */
  uid: number | undefined;
}

export function systemMachine(userAgent: string): Machine {
  return {
    clock: systemClock,
    files: systemFiles,
    watch: systemWatch,
    http: (endpoints) => systemHttp({ endpoints, userAgent }),
    sockets: (urls) => systemSockets(urls, userAgent),
    children: systemChildren,
    random: Math.random,
    uid: process.geteuid?.(),
  };
}
