/**
 * rclone's configuration: is it there and readable, for this user alone, and can rclone save its tokens; and of a
 * Google Drive what its docs page asks for. No value of it is ever shown.
 */
import { dirname } from "node:path";
import { messageOf } from "../../runtime/errors.ts";
import { type RcloneConfig, findRcloneConfig } from "../remote/rclone-config.ts";
import type { RcloneSpec } from "../remote/settings.ts";
import { judgeDrive } from "./drive-section.ts";
import { type Check, type DoctorRun, type Noted, ok, problem, warning } from "./finding.ts";
import { modeText, othersMayRead, thisUser } from "./permissions.ts";
import { rcloneCommand } from "./rclone-command.ts";
import { type Section, sectionsOf, storesOf } from "./rclone-sections.ts";
import { canWriteTo } from "./writable.ts";

export const rcloneConfigCheck: Check = {
  name: "rclone config",
  needs: ["HOURBOOK_REMOTE", "HOURBOOK_RCLONE_CONFIG"],
  limitMs: 20_000,
  async look(run) {
    const { HOURBOOK_REMOTE: remote } = run.settings;
    if (remote.kind === "dir") return [ok("not needed: HOURBOOK_REMOTE is a folder")];
    const found = await findRcloneConfig(run);
    const path = found.path ?? (await ownPath(run));
    return lookAtConfig(run, { ...found, path }, remote);
  },
};

async function ownPath({ children, signal }: DoctorRun): Promise<string> {
  const { stdout } = await children.run({ program: "rclone", args: ["config", "file"], signal });
  // "Configuration file is stored at:" or "… doesn't exist, but rclone will use this path:", then the path.
  return stdout.trim().split("\n").at(-1) ?? "";
}

async function lookAtConfig(
  run: DoctorRun,
  { path, source }: RcloneConfig & { path: string },
  remote: RcloneSpec,
): Promise<Noted[]> {
  const stat = await run.files.stat(path);
  if (stat === undefined)
    return [problem(`there is no configuration at ${path}`, `${rcloneCommand(run)} config`)];
  let text: string;
  try {
    text = (await run.files.read(path)).toString();
  } catch (error) {
    return [
      problem(`cannot read ${path}: ${messageOf(error)}`, `sudo chown ${thisUser().name} ${path}`),
    ];
  }
  if (text.includes("RCLONE_ENCRYPT_V0:")) {
    const what = `${path} is encrypted, and nobody is there to type its password when hours are copied`;
    return [
      problem(
        what,
        `${rcloneCommand(run)} config, then s) and “Remove password”; mode 0600 and systemd's credentials protect it`,
      ),
    ];
  }
  const stores = storesOf(sectionsOf(text), remote.target);
  if (stores === undefined) {
    const what = `${path} has no remote of the name in ${remote.spec}`;
    return [
      problem(
        what,
        `${rcloneCommand(run)} listremotes; then set HOURBOOK_REMOTE, or make one (docs/google-drive.md)`,
      ),
    ];
  }
  const found: Noted[] = [];
  if (othersMayRead(stat)) {
    const what = `${path} (${modeText(stat)}) can be read by other users of this machine`;
    found.push(problem(what, `chmod 600 ${path}`));
  }
  const { id, name } = thisUser();
  if (stat.owner !== id) {
    const what = `${path} belongs to another user than ${name}: rclone cannot keep its mode when it saves a token`;
    found.push(warning(what, `sudo chown ${name} ${path}`));
  }
  found.push(...(await judgeTokens(run, path, stores)));
  for (const store of stores)
    if (store.values["type"] === "drive") found.push(...(await judgeDrive(run, store)));
  const types = stores.map(({ values }) => values["type"]).join(" over ");
  return found.length > 0
    ? found
    : [ok(`${path} (${modeText(stat)}, by ${bySource[source]}): ${types}`)];
}

const bySource: Record<RcloneConfig["source"], string> = {
  setting: "HOURBOOK_RCLONE_CONFIG",
  credential: "systemd's credential",
  rclone: "rclone's own rule",
};

async function judgeTokens(
  { files }: DoctorRun,
  path: string,
  stores: readonly Section[],
): Promise<Noted[]> {
  if (!stores.some(({ values }) => values["token"] !== undefined)) return [];
  // rclone writes a new file beside the old one and renames it.
  const why = (await canWriteTo(files, dirname(path))) ?? (await canWriteTo(files, path));
  if (why === undefined) return [];
  const what = `rclone cannot save a refreshed token in ${path} (${why}): each run refreshes anew and loses seconds`;
  const fix = `give it a folder that this user can write to, or LoadCredential=rclone.conf:${path} and RuntimeDirectory=`;
  return [problem(what, fix)];
}
