/** Tests that give files to another user. */
import type { TestContext } from "node:test";

/** A user that no machine has. */
export const strangerUid = 4321;

export function isRoot(t: TestContext): boolean {
  if (process.getuid?.() === 0) return true;
  const message = "needs root, to give a file to another user";
  if (process.env["TEST_REQUIRE"] === "1") throw new Error(message);
  t.skip(message);
  return false;
}
