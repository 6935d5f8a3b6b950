/** Of many slow tests a few, other ones each time; all of them with TEST_LONG=1, and in .ci/run. */
import { test, type TestContext } from "node:test";
import { mix } from "../venue/random.ts";
import { isLong } from "./seed.ts";

type Body = (t: TestContext) => Promise<void>;

/** One test in `of` is run; `TEST_SEED` says which. */
export function some(of: number): (name: string, body: Body) => void {
  const isAll = isLong || process.env["TEST_REQUIRE"] === "1";
  let number = mix(Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000)) % of;
  return (name, body) => {
    number += 1;
    if (isAll || number % of === 0) test(name, body);
  };
}
