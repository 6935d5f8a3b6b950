/** A real browser, where one is installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";

/** Skips the test, loudly, where chromium is missing; with TEST_REQUIRE=1 it fails instead. */
export function hasChromium(t: TestContext): boolean {
  if (spawnSync("chromium", ["--version"]).status === 0) return true;
  const message = "chromium is not installed: apt-get install -y chromium";
  if (process.env["TEST_REQUIRE"] === "1") throw new Error(message);
  t.skip(message);
  return false;
}

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The page's document once its scripts have run. `profile`: a folder of the test's own. */
export function renderDom(page: string, profile: string): string {
  const args = [...flags, `--user-data-dir=${join(profile, "profile")}`, "--dump-dom"];
  const options = { encoding: "utf8", timeout: 60_000, maxBuffer: 64 * 1024 * 1024 } as const;
  return execFileSync("chromium", [...args, pathToFileURL(page).href], {
    ...options,
    stdio: ["ignore", "pipe", "ignore"],
  });
}
