/** A report as text: a line for each field and each item of a list, so that line tools find their way. */
export function reportText(report: object): string {
  const fields = Object.entries(report).map(
    ([name, value]) => `${JSON.stringify(name)}:${fieldText(value)}`,
  );
  return `{\n${fields.join(",\n")}\n}\n`;
}

function fieldText(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return JSON.stringify(value);
  return `[\n${value.map((item) => JSON.stringify(item)).join(",\n")}\n]`;
}
