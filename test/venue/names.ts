/**
 * What markets are called. Names with accents, quotes, emoji and `&` are there because real ones have
 * them.
 */
import { mix, pick } from "./random.ts";

export interface Naming {
  question: string;
  outcomes: string[];
  title: string;
}

const subjects = [
  "Lula",
  "the Fed",
  "São Paulo FC",
  "Ōtani Shōhei",
  "Kylian Mbappé",
  "S&P 500",
  "Beyoncé",
  "Malmö",
  "“Dune: Part Three”",
  "比特币",
  "Zelenskyy",
  "🇫🇷 France",
];
const deeds = [
  "win the final",
  "raise rates by 25 bps",
  "close above 6,000",
  "be re-elected",
  "top the charts",
  "resign",
];
const months = ["March", "June", "September", "December"];
const teams = [
  "Lakers",
  "Celtics",
  "Atlético Madrid",
  "Beşiktaş",
  "Fnatic",
  "T1",
  "Alcaraz",
  "Świątek",
];
const coins = ["Bitcoin", "Ethereum", "Solana", "XRP"];

/** A question that is answered Yes or No, or now and then by the name of a team. */
export function named(seed: number, quirks: boolean): Naming {
  const [subject, deed] = [pick(subjects, mix(seed, 11)), pick(deeds, mix(seed, 12))];
  const title = `Will ${subject} ${deed} by ${pick(months, mix(seed, 13))}?`;
  if (!quirks || mix(seed, 14) % 8 > 0) return { question: title, outcomes: ["Yes", "No"], title };

  const home = mix(seed, 15) % teams.length;
  const pair = [teams[home]!, teams[(home + 1) % teams.length]!];
  return { question: `${pair[0]} vs. ${pair[1]}`, outcomes: pair, title: pair.join(" vs. ") };
}

/** The markets of fifteen minutes: the same question, window after window. */
export function namedWindow(seed: number, slot: number, opensAt: number): Naming {
  const when = new Date(opensAt).toISOString().slice(0, 16).replace("T", ", ");
  const title = `${pick(coins, mix(seed, slot))} Up or Down - ${when} UTC`;
  return { question: title, outcomes: ["Up", "Down"], title };
}

export function slugOf(question: string, tail: string): string {
  const plain = question.normalize("NFD").replace(/[^\x20-\x7e]/g, "");
  return `${plain
    .toLowerCase()
    .match(/[a-z0-9]+/g)!
    .join("-")}-${tail}`;
}
