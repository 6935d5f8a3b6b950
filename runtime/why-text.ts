/** `npm run status -- --why NAME` as a person reads it. */
import { columns } from "./columns.ts";
import { paceOf } from "./cron-words.ts";
import { formatDuration } from "./time.ts";
import type { Why } from "./why.ts";
import type { WhyRow } from "./why-slots.ts";

const textCharsMax = 120;

export function whyText(why: Why, now: number): string {
  const rows = why.rows.map((row) => [`  ${timeText(row)}`, cut(`${countText(row)}${row.text}`)]);
  const none = ["  Nothing is on record of it around then."];
  return [
    `${why.function}, around ${shortTime(why.at)}: ${entryText(why)}`,
    "",
    ...(rows.length === 0 ? none : columns(rows)),
    "",
    ...(why.oldest === undefined ? [] : [`The journal was read back to ${shortTime(why.oldest)}.`]),
    nextText(why, now),
    "",
  ].join("\n");
}

function entryText({ entry }: Why): string {
  if (entry === undefined) return "no entry in the schedule in force";
  if (entry.cron === null) return "by hand only, it has no cron";
  const { words } = paceOf({ cron: entry.cron, timezone: entry.timezone });
  return `${words}${entry.enabled ? "" : ", disabled"}`;
}

function timeText({ at, until, trigger, atLeast }: WhyRow): string {
  if (trigger !== undefined)
    return `${shortTime(at)} ${trigger === "start" ? "at start" : "by hand"}`;
  if (atLeast) return `from ${shortTime(at)}`;
  if (until === undefined) return shortTime(at);
  const isSameDay = at.slice(0, 10) === until.slice(0, 10);
  return `${shortTime(at)} to ${isSameDay ? shortTime(until).slice(11) : shortTime(until)}`;
}

function countText({ slots, atLeast }: WhyRow): string {
  const over = atLeast ? "over " : "";
  return slots === 1 ? "" : `${over}${slots.toLocaleString("en-US")} slots `;
}

function nextText({ next, isRunning, entry }: Why, now: number): string {
  if (next !== undefined)
    return `Next: ${shortTime(next)}, in ${formatDuration(Date.parse(next) - now)}.`;
  if (!isRunning) return "Next: none, the runtime is not running. Start it: npm start";
  return `Next: none, ${entry?.enabled === false ? "it is disabled" : "by hand only"}.`;
}

/** `2026-11-22T15:40:10Z` */
function shortTime(iso: string): string {
  return `${iso.slice(0, 19)}Z`;
}

function cut(text: string): string {
  return text.length > textCharsMax ? `${text.slice(0, textCharsMax - 1)}…` : text;
}
