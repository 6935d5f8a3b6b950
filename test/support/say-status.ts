/** `npm run status` on a house in memory, as a person calls it; no time passes meanwhile. */
import { join } from "node:path";
import { status } from "../../runtime/status.ts";
import type { House } from "./runtime.ts";

export interface Said {
  exit: number;
  out: string;
  error: string;
}

const functionsFolder = join(import.meta.dirname, "functions");

export async function sayStatus(
  { machine, dataFolder }: Pick<House, "machine" | "dataFolder">,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Said> {
  const said: Said = { exit: 0, out: "", error: "" };
  said.exit = await status({
    args,
    env: { HOURBOOK_DATA: dataFolder, HOURBOOK_COLLECTOR: "test", ...env },
    machine,
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.error += text) },
    functionsFolder,
  });
  return said;
}
