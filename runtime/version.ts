/** What this program calls itself. */
import project from "../package.json" with { type: "json" };

export const version: string = project.version;
export const userAgent = `hourbook/${version}`;
