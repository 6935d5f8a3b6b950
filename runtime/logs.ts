/**
 * Logs: JSON lines on stderr or in a file, readable lines on a terminal. Written at once and in the process:
 * a worker or a buffer would lose the last lines, which are the ones that explain an end.
 *
 * Like the doors, this is a place where the program touches the machine: pino opens its file itself.
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { type DestinationStream, type Logger, pino } from "pino";
import type Pretty from "pino-pretty";
import { OperatorError, messageOf } from "./errors.ts";
import type { Log } from "./function.ts";
import { iso } from "./time.ts";

export interface LogOptions {
  level: string;
  /** Absolute path of a file to append to, instead of stderr. */
  file?: string | undefined;
  /** The wall clock: epoch milliseconds. */
  now(): number;
  /** For a person; otherwise JSON. Not for a file. */
  pretty?: boolean;
  /** stderr is systemd's journal, which takes a line's priority from its first characters. */
  isJournal?: boolean;
  /** Where the lines go, instead of stderr. */
  stream?: LineSink;
}

export interface LineSink {
  write(line: string): unknown;
}

export interface RootLog extends Log {
  /** A log whose lines carry these fields, too. */
  child(fields: object): RootLog;
}

/** Throws `LOG_FILE` if the file cannot be opened. */
export function createLog(options: LogOptions): RootLog {
  const { level, now } = options;
  const logger = pino(
    {
      level,
      // The machine and the process are what `journalctl` says already.
      base: null,
      timestamp: () => `,"time":"${iso(now())}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretPaths, censor: "(hidden)" },
    },
    destinationOf(options),
  );
  return facade(logger);
}

// Not `token`: in a recorder of order books that is the public name of an outcome.
const secretNames = [
  "authorization",
  "cookie",
  "password",
  "client_secret",
  "access_token",
  "refresh_token",
];
const secretPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

const stderrDescriptor = 2;

function destinationOf(options: LogOptions): DestinationStream {
  const { file, stream, pretty, isJournal } = options;
  if (file !== undefined) return openFile(file);
  const plain =
    stream ??
    unbreakable(pino.destination({ dest: stderrDescriptor, sync: true, maxLength: keptBytesMax }));
  if (pretty === true) return readable(plain);
  return isJournal === true ? prioritised(plain) : plain;
}

// syslog's numbers: `journalctl -p warning` finds what is worth a look.
const priorities: Record<string, number> = { debug: 7, info: 6, warn: 4, error: 3 };

function prioritised(sink: LineSink): LineSink {
  return {
    write(line) {
      const [, level = ""] = /^\{"level":"(\w+)"/.exec(line) ?? [];
      return sink.write(`<${priorities[level] ?? 6}>${line}`);
    },
  };
}

function openFile(file: string): DestinationStream {
  try {
    return unbreakable(
      pino.destination({ dest: file, append: true, sync: true, maxLength: keptBytesMax }),
    );
  } catch (error) {
    throw new OperatorError("LOG_FILE", {
      message: `cannot write the log file ${file}: ${messageOf(error)}`,
      exit: "configuration",
      safe: "Nothing was started.",
      next: `mkdir -p ${dirname(file)}, or set HOURBOOK_LOG_FILE to another file`,
      cause: error,
    });
  }
}

// Lines that a full disk does not take are kept up to this, and written when it has room again.
const keptBytesMax = 1024 * 1024;

// A full disk or a closed pipe must not end the recorder, as an error event that nobody hears would.
function unbreakable<S extends ReturnType<typeof pino.destination>>(destination: S): S {
  destination.on("error", () => {});
  return destination;
}

// Loaded where a person looks: a daemon does without.
function readable(sink: LineSink): LineSink {
  const { prettyFactory } = createRequire(import.meta.url)("pino-pretty") as typeof Pretty;
  const format = prettyFactory({
    colorize: true,
    translateTime: "UTC:HH:MM:ss'Z'",
    ignore: "function,run",
    singleLine: true,
  });
  return { write: (line) => sink.write(format(JSON.parse(line))) };
}

// pino's own methods take more shapes than ours; callers see ours alone.
function facade(logger: Logger): RootLog {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => facade(logger.child(fields)),
  };
}
