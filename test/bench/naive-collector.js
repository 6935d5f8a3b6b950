// What one writes in an evening: every answer parsed, each book a line, one gzip file. `node naive-collector.js URL FILE
// SECONDS` reads the tokens from stdin as JSON. In plain JavaScript, so that nothing is stripped for it.
import { createWriteStream } from "node:fs";
import { createGzip } from "node:zlib";

const [url, path, seconds] = process.argv.slice(2);
const batch = 500;
let text = "";
for await (const piece of process.stdin) text += piece;
const tokens = JSON.parse(text);
const gzip = createGzip({ level: 6 });
gzip.pipe(createWriteStream(path));

async function poll() {
  const at = new Date().toISOString();
  for (let start = 0; start < tokens.length; start += batch) {
    const asked = tokens.slice(start, start + batch).map((token) => ({ token_id: token }));
    const answer = await fetch(`${url}/books`, { method: "POST", body: JSON.stringify(asked) });
    for (const book of await answer.json()) gzip.write(`${JSON.stringify({ at, ...book })}\n`);
  }
  gzip.flush();
}

setInterval(() => void poll(), Number(seconds) * 1000);
process.on("SIGTERM", () => gzip.end(() => process.exit(0)));
