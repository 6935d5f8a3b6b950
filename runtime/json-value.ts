/** Results are JSON: what the journal, `--json` and a person are told must be the same thing. */
import { OperatorError } from "./errors.ts";

/** Throws `RESULT_NOT_JSON`, naming the place of what JSON cannot carry. */
export function assertJson(value: unknown): asserts value is object {
  const isObject = typeof value === "object" && value !== null;
  const problem = isObject
    ? findProblem(value, "result", new Set())
    : `result is ${describe(value)}`;
  if (problem !== undefined)
    throw new OperatorError("RESULT_NOT_JSON", {
      message: `not JSON: ${problem}`,
      safe: "The run is over, and what it had done stays; only its result is not on record.",
      next: "mend the function: its result must be made of objects, arrays, texts, finite numbers and booleans",
    });
}

function findProblem(value: unknown, path: string, above: Set<object>): string | undefined {
  // A property without a value is left out, as JSON does.
  if (value === null || ["string", "boolean", "undefined"].includes(typeof value)) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return undefined;
  if (typeof value !== "object" || !isPlain(value)) return `${path} is ${describe(value)}`;
  if (above.has(value)) return `${path} contains itself`;
  above.add(value);
  for (const [key, member] of Object.entries(value)) {
    const problem = findProblem(
      member,
      Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`,
      above,
    );
    if (problem !== undefined) return problem;
  }
  above.delete(value);
  return undefined;
}

function isPlain(value: object): boolean {
  return Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return "missing";
  if (typeof value === "number") return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  return `a ${value.constructor.name}`;
}
