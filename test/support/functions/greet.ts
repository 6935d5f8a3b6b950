/**
 * greet: greets somebody. It has a flag of every kind, and fails in every way that it is told to.
 */
import * as v from "valibot";
import { OperatorError } from "../../../runtime/errors.ts";
import { defineFunction } from "../../../runtime/function.ts";
import { duration } from "../../../runtime/time.ts";

const input = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.description("whom to greet")),
  times: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(9), v.description("how often")),
    1,
  ),
  tone: v.optional(v.picklist(["warm", "cool"]), "warm"),
  isLoud: v.optional(v.pipe(v.boolean(), v.description("in capitals")), false),
  restAfter: v.optional(v.pipe(duration, v.description("how long to rest then")), "0s"),
  alsoTo: v.optional(v.pipe(v.array(v.string()), v.description("who else is greeted")), []),
  outcome: v.optional(v.picklist(["ok", "failed", "bug", "waits"]), "ok"),
});

export default defineFunction({
  input,
  settings: { HOURBOOK_GREETING: v.optional(v.string(), "Hello") },
  asOf: true,

  async run({ outcome, ...given }, run) {
    run.progress(1, 4, "letters");
    run.log.info({ name: given.name }, "greeting");
    const result = {
      given,
      greeting: run.settings.HOURBOOK_GREETING,
      asOf: run.asOf,
      trigger: run.trigger,
    };
    if (outcome === "bug") throw new TypeError("name is not a name");
    if (outcome === "failed") {
      throw new OperatorError("NOBODY_THERE", {
        message: "nobody answers",
        exit: "findings",
        details: ["the door  closed"],
        safe: "The door was left as it is.",
        next: "npm run fn -- greet --name somebody",
        result,
      });
    }
    if (outcome === "waits")
      await new Promise((_, reject) => run.signal.addEventListener("abort", reject));
    return result;
  },

  summary: ({ greeting, given }) => `${greeting}, ${given.name}!`,
});
