/** `node test/gaps/main.ts SEED HOURS [json]`: how many holes were found and rightly named, and the confusion table. */
import { confusionTable } from "./judge.ts";
import { live } from "./month.ts";

const [seed = "1", hours = "24", format] = process.argv.slice(2);
const log = (text: string): void => {
  if (process.env["GAPS_LOG"] === "1") process.stderr.write(`${text}\n`);
};
const { verdict, acts, until } = await live(Number(seed), Number(hours), log);
const { holes, found, falseHoles, explainable, rightCause, unknown, wrong } = verdict;
if (format === "json") process.stdout.write(`${JSON.stringify({ ...verdict, acts })}\n`);
else {
  const n = (count: number): string => count.toLocaleString("en-US");
  const kinds = Object.values(acts);
  process.stdout.write(
    [
      `seed ${seed}, to ${until}: ${kinds.reduce((sum, count) => sum + count, 0)} faults of ${kinds.length} kinds`,
      `${n(verdict.tokenSlots)} token slots in ${n(verdict.hours)} hours, ${n(holes)} of them holes`,
      `found ${n(found)} of ${n(holes)}; false ${n(falseHoles)}`,
      `cause right ${n(rightCause)} of ${n(explainable)} that evidence explains; unknown ${n(unknown)}`,
      "",
      confusionTable(verdict),
      ...(wrong.length > 0 ? ["", "wrong:", ...wrong.slice(0, 40).map((each) => `  ${each}`)] : []),
      "",
    ].join("\n"),
  );
  process.exitCode = wrong.length > 0 ? 65 : 0;
}
