// Runs before the first .ts file, so it is plain JavaScript that any Node of the last years parses.
const [major] = process.versions.node.split(".").map(Number);

if (major < 26) {
  console.error(
    `Hourbook needs Node 26 or newer; this is ${process.version}. ` +
      "Type `npm ci` in the project's folder: it brings the pinned Node for every npm script.",
  );
  process.exit(78);
}
