// Runs before the first .ts file, so it is plain JavaScript that any Node of the last years parses.
import module from "node:module";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";

const [major] = process.versions.node.split(".").map(Number);

if (major < 26) {
  process.stderr.write(
    `Hourbook needs Node 26 or newer; this is ${process.version}. ` +
      "Type `npm ci` in the project's folder: it brings the pinned Node for every npm script.\n",
  );
  process.exit(78);
}

// Stripping and compiling the files anew is two thirds of a start, and 25 MB for as long as the process lives. What
// comes of it is kept where systemd gives the service a folder for it, else beside the dependencies: whoever can write
// there can run code as this user anyway. Coverage is exact only without it.
if (!process.env.NODE_V8_COVERAGE) {
  module.enableCompileCache(
    process.env.CACHE_DIRECTORY ??
      fileURLToPath(new URL("../node_modules/.cache/hourbook", import.meta.url)),
  );
}

// Young objects may else take 48 MB, and what they point to outside of the heap as much again, before they are
// looked at: sealing an hour of 1 GB took up to 230 MB, and takes 150 MB so, in the same time.
v8.setFlagsFromString("--semi-space-growth-factor=1");
