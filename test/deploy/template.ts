/**
 * What the machines of these tests are made of, kept outside the project: a minimal Debian with the packages that
 * docs/operations.md asks for, and the project's dependencies as npm keeps them, since a machine here has no network.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const cache = join(process.env["XDG_CACHE_HOME"] ?? "/var/tmp", "hourbook-test");
const release = "bookworm";
// What any Debian of a hosting company has, and debootstrap's smallest has not.
const base = ["systemd", "systemd-sysv", "dbus", "ca-certificates", "procps"];

export interface Template {
  /** A root file system. */
  folder: string;
  /** npm's cache. */
  npmCache: string;
}

/** Made at the first call, which takes about a minute and the network; later ones find it. */
export function template(packages: readonly string[]): Template {
  mkdirSync(cache, { recursive: true });
  const folder = once(`${release}-${digest([...base, ...packages].join(" "))}`, (made) =>
    makeRoot(made, packages),
  );
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  return { folder, npmCache: once(`npm-${digest(lock)}`, fillNpmCache) };
}

/** What is missing here; `undefined` if nothing is. */
export function missingForMachines(): string | undefined {
  if (process.getuid?.() !== 0) return "root";
  const missing = ["debootstrap", "systemd-nspawn", "nsenter"].filter(
    (name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0,
  );
  if (missing.length === 0) return undefined;
  return `${missing.join(", ")}: apt-get install -y debootstrap systemd-container`;
}

function makeRoot(folder: string, packages: readonly string[]): void {
  const log = ["ignore", "inherit", "inherit"] as const;
  // It becomes a root folder, through which every user must find a way.
  chmodSync(folder, 0o755);
  execFileSync("debootstrap", ["--variant=minbase", `--include=${base.join()}`, release, folder], {
    stdio: [...log],
  });
  const install = `apt-get install -y -qq --no-install-recommends ${packages.join(" ")}`;
  execFileSync("chroot", [folder, "sh", "-c", `${install} >/dev/null && apt-get clean`], {
    stdio: [...log],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
  });
  writeFileSync(join(folder, "root/.npmrc"), "cache=/var/cache/npm\noffline=true\n");
  writeFileSync(join(folder, "etc/hosts"), "127.0.0.1 localhost\n");
  writeFileSync(join(folder, "etc/hostname"), "vps-1\n");
  // Names lead nowhere; a resolver of the host's must not be waited for.
  writeFileSync(join(folder, "etc/resolv.conf"), "");
}

function fillNpmCache(folder: string): void {
  const project = mkdtempSync(join(cache, "project-"));
  for (const name of ["package.json", "package-lock.json"])
    cpSync(join(root, name), join(project, name));
  const args = [
    "ci",
    "--omit=dev",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--cache",
    folder,
  ];
  execFileSync("npm", args, { cwd: project, stdio: ["ignore", "ignore", "inherit"] });
  rmSync(project, { recursive: true });
}

/** Whole or not at all: under its name only once it is finished. */
function once(name: string, make: (folder: string) => void): string {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const unfinished = mkdtempSync(join(cache, "unfinished-"));
  try {
    make(unfinished);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
