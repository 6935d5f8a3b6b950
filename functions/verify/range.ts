/** A range of hours as a person types it: hours or whole dates, both ends included. */
import * as v from "valibot";
import { type Hour, hourPattern, hourStart } from "../../runtime/time.ts";

const datePattern = /^\d{4}-\d{2}-\d{2}$/;
const rule = 'write a UTC hour or date, such as "2026-11-22T15" or "2026-11-22"';

function bound(hourOfDate: string) {
  return v.pipe(
    v.string(),
    v.title("hour"),
    v.check((text) => isHour(datePattern.test(text) ? `${text}T00` : text), rule),
    v.transform((text): Hour => (datePattern.test(text) ? `${text}T${hourOfDate}` : text)),
  );
}

export const fromHour = bound("00");
export const toHour = bound("23");

function isHour(text: string): boolean {
  if (!hourPattern.test(text)) return false;
  const start = hourStart(text);
  // Date.parse takes 30 February for 2 March.
  return !Number.isNaN(start) && new Date(start).toISOString().startsWith(text);
}
