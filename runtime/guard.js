// Runs before the first .ts file, so it is plain JavaScript that any Node of the last years parses.
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major] = process.versions.node.split(".").map(Number);

if (major < 26) {
  process.stderr.write(
    `Hourbook needs Node 26 or newer; this is ${process.version}. ` +
      "Type `npm ci` in the project's folder: it brings the pinned Node for every npm script.\n",
  );
  process.exit(78);
}

// Stripping and compiling the files anew is two thirds of a start, and 30 MB. What comes of it is kept beside
// the dependencies: whoever can write there can write the code itself. Coverage is exact only without it.
if (process.env.NODE_V8_COVERAGE === undefined) {
  module.enableCompileCache(
    fileURLToPath(new URL("../node_modules/.cache/hourbook", import.meta.url)),
  );
}
