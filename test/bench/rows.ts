/** What a bench measured, one figure beside what a user would pick instead. */
export interface Row {
  what: string;
  ours: string;
  /** Its name and its figure. */
  instead: string;
  /** Ours divided by theirs: below 1, Hourbook takes less. `undefined` where the figure stands alone. */
  ratio: number | undefined;
  goal: string;
  /** `undefined` without a goal. */
  met: boolean | undefined;
}

export interface Compared {
  what: string;
  ours: number;
  theirs: number;
  /** What a user would pick instead. */
  name: string;
  show(value: number): string;
  /** Of the ratio. */
  goalMax?: number;
  /** The goal is for the case at full size, and this is a part of it. */
  isPart?: boolean;
}

export function compared(of: Compared): Row {
  const { what, ours, theirs, name, show, goalMax, isPart = false } = of;
  const ratio = ours / theirs;
  return {
    what,
    ours: show(ours),
    instead: `${name}: ${show(theirs)}`,
    ratio,
    goal: goalMax === undefined ? "" : `<= ${ratioText(goalMax)}${isPart ? " at full size" : ""}`,
    met: goalMax === undefined || isPart ? undefined : ratio <= goalMax,
  };
}

/** Two digits that count. */
export function ratioText(ratio: number): string {
  if (ratio >= 10) return String(Math.round(ratio));
  return ratio >= 1 ? ratio.toFixed(2) : String(Number(ratio.toPrecision(2)));
}

export function ms(value: number): string {
  return value >= 10 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

export function bytes(number: number): string {
  if (number < 1e6) return `${(number / 1e3).toFixed(0)} kB`;
  return number < 1e9 ? `${(number / 1e6).toFixed(2)} MB` : `${(number / 1e9).toFixed(2)} GB`;
}

export function mib(value: number): string {
  return `${Math.round((value * 2 ** 20) / 1e6)} MB`;
}

export function line(row: Row): string {
  const ratio = row.ratio === undefined ? "" : ratioText(row.ratio);
  const { met } = row;
  const verdict = met === undefined ? "" : met ? " met" : " MISSED";
  const goal = row.goal === "" ? "" : `; goal ${row.goal}:${verdict}`;
  const instead = row.instead === "" ? "" : `; ${row.instead}`;
  return `${ratio.padStart(7)}  ${row.what}: ${row.ours}${instead}${goal}`;
}
