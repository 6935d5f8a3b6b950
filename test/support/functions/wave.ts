/** wave: waves, and knows the present only. */
import * as v from "valibot";
import { defineFunction } from "../../../runtime/function.ts";

export default defineFunction({
  input: v.strictObject({}),
  settings: {},
  run: async () => ({ waved: true }),
  summary: () => "waved",
});
