/** Flags of what npm runs beside the tests: `--help` says what there is, and so does a flag that there is not. */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** Its `--help` names each flag. */
export function readFlags<O extends ParseArgsOptionsConfig>(usage: string, options: O) {
  try {
    const all = { ...options, help: { type: "boolean", default: false } } as const;
    const { values } = parseArgs({ options: all });
    if ((values as { help?: boolean }).help !== true) return values;
    process.stdout.write(usage);
    return process.exit(0);
  } catch (error) {
    return refuse(usage, (error as Error).message);
  }
}

/** Of a flag that takes a number above 0; `undefined` if it was not given. */
export function numberOf(usage: string, name: string, text: string): number;
export function numberOf(usage: string, name: string, text: string | undefined): number | undefined;
export function numberOf(
  usage: string,
  name: string,
  text: string | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  const isOne = value > 0 && value <= Number.MAX_SAFE_INTEGER;
  return isOne ? value : refuse(usage, `--${name} must be a number above 0, not ${text}`);
}

const wrongUsage = 64;

function refuse(usage: string, message: string): never {
  process.stderr.write(`${message}\n\n${usage}`);
  process.exit(wrongUsage);
}
