/** Which Node runs this. One that is too old never comes as far as here. */
import { nodePinned } from "../../runtime/version.ts";
import { type Check, type Noted, ok, warning } from "./finding.ts";

export const nodeCheck: Check = {
  name: "node",
  limitMs: 1_000,
  look: () => [judgeNode(process.versions.node)],
};

export function judgeNode(version: string): Noted {
  if (version === nodePinned) return ok(`Node ${version}, as pinned`);
  return warning(
    `Node ${version} is not the one this was tested with, ${nodePinned}`,
    "npm ci, then start through npm or node_modules/.bin/node",
  );
}
