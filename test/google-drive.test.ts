/**
 * docs/google-drive.md is followed to the letter, as an operator would.
 *
 * Method: its configuration file is written with made-up values, its commands are run by a shell with the real rclone,
 * and the fake Drive takes Google's place. What is not run says why.
 */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { promisify } from "node:util";
import { systemClock } from "../runtime/doors/clock.ts";
import { clientId, secrets } from "./drive/login.ts";
import { type DriveRemote, aDrive } from "./support/drive.ts";
import { writeHour } from "./support/hours.ts";
import { aPatient, diagnose, findingsOf } from "./support/patient.ts";
import { columns } from "../runtime/columns.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/google-drive.md"), "utf8");
const etc = "/etc/hourbook";

interface Block {
  marker: string;
  lines: string[];
}

/** Every shell block, with the comment above it. */
const blocks: Block[] = [...page.matchAll(/(?:<!-- (.+?) -->\n\n)?```sh\n([\s\S]*?)```/g)].map(
  ([, marker = "", text = ""]) => ({ marker, lines: text.trim().split("\n") }),
);

test("docs/google-drive.md marks each command as run here or not, and runs most", () => {
  for (const { marker, lines } of blocks)
    assert.match(marker, /^(runs|not run here: .+)/, lines.join("\n"));
  const run = blocks.filter(({ marker }) => marker.startsWith("runs"));
  assert.ok(run.length > blocks.length / 2 && run.length >= 7, `${run.length}`);
});

test("docs/google-drive.md has every heading that doctor sends an operator to", () => {
  const headings = new Set([...page.matchAll(/^##+ (.+)$/gm)].map(([, heading]) => heading));
  const named = globSync("functions/doctor/*.ts", { cwd: root }).flatMap((path) =>
    [...readFileSync(join(root, path), "utf8").matchAll(/“([A-Z][^”]+)”\)?[`"]/g)].map(
      ([, name]) => name,
    ),
  );
  assert.ok(named.length >= 6);
  assert.deepEqual(
    named.filter((name) => !headings.has(name)),
    [],
  );
});

suite("docs/google-drive.md, followed to the letter,", () => {
  test("ends in an archive on the Drive that doctor has nothing against", async (t) => {
    const place = await aMachine(t);
    if (place === undefined) return;
    const { drive, config } = place;
    for (const { marker, lines } of blocks.filter((block) => block.marker.startsWith("runs"))) {
      if (marker === "runs") for (const line of lines) await place.type(line);
      else await logIn(place, lines.join("\n"));
    }

    assert.match(readFileSync(config, "utf8"), new RegExp(secrets.refreshToken));
    const there = Object.keys(place.there());
    assert.ok(
      there.some((path) => path.endsWith("vps-1.manifest.json")),
      there.join("\n"),
    );
    assert.ok(!there.some((path) => path.startsWith("canary/")), "the canary is gone");
    assert.deepEqual(drive.strange, []);
  });

  test("shows what doctor says of it", async (t) => {
    const place = await aMachine(t);
    const patient = await aPatient(t);
    if (place === undefined || patient === undefined) return;
    const settings = place.settings;
    const text = readFileSync(place.config, "utf8");
    writeFileSync(place.config, `${text}token = ${token}\n`, { mode: 0o600 });

    const result = await diagnose(patient.run({ settings, children: place.children }));

    const told = ["rclone config", "remote"].flatMap((check) => findingsOf(result, check));
    const shown = columns(told.map(({ level, check, what }) => [level, check, what]))
      .join("\n")
      .replaceAll(place.config, `${etc}/rclone.conf`)
      .replace(/deleted in .*/, "deleted in …");
    assert.equal(`${shown}\n`, /<!-- doctor -->\n\n```text\n([\s\S]*?)```/.exec(page)?.[1]);
  });
});

const token = JSON.stringify({
  access_token: secrets.accessToken,
  token_type: "Bearer",
  refresh_token: secrets.refreshToken,
  expiry: "2099-01-01T00:00:00Z",
});

interface Place extends DriveRemote {
  /** A line of the page, in a shell, which must succeed. */
  type(line: string): Promise<void>;
  env: Record<string, string>;
}

/** The page's configuration file, a sealed hour, and a venue. */
async function aMachine(t: TestContext): Promise<Place | undefined> {
  const remote = await aDrive(t);
  // Commands of their own processes go by the machine's clock.
  const patient = await aPatient(t, { venueClock: systemClock });
  if (remote === undefined || patient === undefined) return undefined;
  const written = /<!-- the file -->\n\n```ini\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const config = written
    .replace("YOUR-CLIENT-ID.apps.googleusercontent.com", clientId)
    .replace("YOUR-CLIENT-SECRET", secrets.clientSecret);
  writeFileSync(remote.config, config, { mode: 0o600 });
  writeHour(remote.dataFolder, { hour: "2026-11-22T10" });
  const folder = join(remote.dataFolder, "../work");
  mkdirSync(folder);
  const env = {
    ...remote.drive.env,
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    HOURBOOK_DATA: remote.dataFolder,
    HOURBOOK_COLLECTOR: "vps-1",
    HOURBOOK_REMOTE: "rclone:gd:hourbook",
    HOURBOOK_RCLONE_CONFIG: remote.config,
    HOURBOOK_GAMMA_URL: patient.venue.gammaUrl,
    HOURBOOK_CLOB_URL: patient.venue.clobUrl,
    HOURBOOK_LOG_LEVEL: "error",
    // npm looks for a newer npm now and then.
    npm_config_update_notifier: "false",
  };
  return {
    ...remote,
    env,
    async type(line) {
      const here = placed(line, remote.config);
      // npm where the project is; what else is written goes into a folder of its own.
      const cwd = here.startsWith("npm ") ? root : folder;
      await promisify(execFile)("sh", ["-c", here], { cwd, env }).catch((error: unknown) =>
        assert.fail(`${line}: ${String(error)}`),
      );
    },
  };
}

function placed(line: string, config: string): string {
  return line.replaceAll(`${etc}/rclone.conf`, config);
}

/** Answers as a person does: after each question. */
async function logIn({ env, config }: Place, line: string): Promise<void> {
  const child = spawn("sh", ["-c", placed(line, config)], { env });
  const pasted = Buffer.from(JSON.stringify({ token })).toString("base64url");
  const answers = ["n", pasted, "n"];
  let said = "";
  const hear = (chunk: Buffer): void => {
    said += chunk.toString();
    if (!/(y\/n|config_token)> $/.test(said)) return;
    child.stdin.write(`${answers.shift() ?? ""}\n`);
    said += "\n";
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(code, 0, said);
  assert.match(said, /rclone authorize "drive" "eyJ/);
}
