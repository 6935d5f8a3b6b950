/** Hours of the checker's own: `2026-11-22T15`. */
export type Hour = string;

const hourMs = 3_600_000;

export function hourEnd(hour: Hour): number {
  return Date.parse(`${hour}:00:00Z`) + hourMs;
}
