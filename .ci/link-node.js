// After `npm ci`: npm 10, which Node 20 and 22 bring, deletes node_modules/.bin/node again when it leaves out the
// pinned Node of other platforms. This puts the link back. Plain JavaScript: any Node runs it.
import { existsSync, symlinkSync } from "node:fs";

const pinned = ["linux-x64", "linux-arm64", "bin-darwin-arm64"].find((name) =>
  existsSync(new URL(`../node_modules/node-${name}/bin/node`, import.meta.url)),
);
const link = new URL("../node_modules/.bin/node", import.meta.url);

if (pinned !== undefined && !existsSync(link)) symlinkSync(`../node-${pinned}/bin/node`, link);
