/** Decimal numbers as the venue writes them, compared as text: a float would call 0.1 and 0.10000000000000001 equal. */

const pattern = /^(\d*)(?:\.(\d*))?$/;

/** Negative if `a` is less than `b`. */
export function compareDecimals(a: string, b: string): number {
  const [, wholeA, fractionA = ""] = pattern.exec(a) ?? [];
  const [, wholeB, fractionB = ""] = pattern.exec(b) ?? [];
  // Signs and exponents, which no price has had yet.
  if (wholeA === undefined || wholeB === undefined) return Number(a) - Number(b);
  const whole = compareWholes(wholeA.replace(/^0+/, ""), wholeB.replace(/^0+/, ""));
  if (whole !== 0) return whole;
  const digits = Math.max(fractionA.length, fractionB.length);
  return compareTexts(fractionA.padEnd(digits, "0"), fractionB.padEnd(digits, "0"));
}

function compareWholes(a: string, b: string): number {
  return a.length === b.length ? compareTexts(a, b) : a.length - b.length;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
