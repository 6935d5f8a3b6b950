// What an idle runtime cannot do without, and not a line of its own: the libraries, a kernel lock, a compressed append,
// a digest, a watched folder. In plain JavaScript, so that nothing is stripped or compiled for it.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { watch } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { Cron } from "croner";
import { parseTree } from "jsonc-parser";
import { pino } from "pino";
import * as v from "valibot";

const database = new DatabaseSync(":memory:");
database.exec("BEGIN EXCLUSIVE");
const file = await open("/dev/null", "a+");
await file.write(gzipSync("a line"));
watch(tmpdir(), { persistent: false }, () => {});
createHash("sha256").update("a line").digest("hex");
pino(pino.destination({ dest: 2, sync: true })).info({}, "ready");
new Cron("* * * * *").nextRun();
v.parse(v.strictObject({ text: v.string() }), { text: "" });
parseTree("{}");
setInterval(() => [database, file, execFile], 1_000);
