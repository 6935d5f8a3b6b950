/** What the venue does wrong. */
import type { Cause } from "../../functions/archive/lines.ts";
import { secondMs } from "../../runtime/time.ts";
import type { Fault, FaultKind } from "../venue/faults.ts";
import { type Claim, type Kind, pass, type Scene, slotsOf } from "./scene.ts";

/** Faults of the venue's answers to the books request, and what becomes of every token then. */
const answers: [kind: FaultKind, causes: Claim["causes"], more?: Partial<Fault>][] = [
  ["429", ["venue-429"]],
  ["429-seconds", ["venue-429"]],
  ["429-date", ["venue-429"]],
  ["429-html", ["venue-429"]],
  ["error-200", ["venue-429"]],
  ["403-html", ["venue-4xx"]],
  ["404-html", ["venue-4xx"]],
  ["425", ["venue-4xx"]],
  ["500", ["venue-5xx"]],
  ["502", ["venue-5xx"]],
  ["503", ["venue-5xx"]],
  ["slow", ["venue-timeout"], { ms: 30 * secondMs }],
  // So slow that even an empty list, of markets that are all closed, is not whole in time.
  ["trickle", ["venue-timeout"], { ms: 20 * secondMs }],
  ["hang", ["venue-timeout"]],
  ["reset", ["network"]],
  ["redirect", ["network"]],
  ["empty", ["quarantined"]],
  ["garbage", ["quarantined"]],
  ["wrong-content-type", ["quarantined"]],
  ["huge", ["quarantined"], { bytes: 17 * 1024 * 1024 }],
  // Whole books before the cut are kept, and right.
  ["truncated", ["quarantined", "kept"]],
  ["cut-short", ["network", "kept"]],
  ["stall", ["venue-timeout", "kept"]],
  // Odd, and no reason to go without.
  ["pretty", ["kept"]],
  ["new-field", ["kept"]],
  ["numbers", ["kept"]],
  ["duplicate-book", ["kept"]],
  ["unasked-book", ["kept"]],
];

/** Faults that strike some books of a whole answer. */
const books: [kind: FaultKind, cause: Cause][] = [
  ["renamed-field", "quarantined"],
  ["omitted", "omitted"],
  ["wrong-market", "quarantined"],
  ["invalid-utf8", "quarantined"],
];

export const venueKinds: readonly Kind[] = [
  ...answers.map(([kind, causes, more]) => ({
    name: `answer ${kind}`,
    act: (scene: Scene) => faulty(scene, { kind, on: "books", ...more }, causes),
  })),
  ...books.map(([kind, cause]) => ({
    name: `book ${kind}`,
    act: (scene: Scene) => someFaulty(scene, kind, cause),
  })),
  {
    name: "answer 503, once: asked again",
    act: (scene) => faulty(scene, { kind: "503", on: "books", count: 1 }, ["kept"]),
  },
  {
    name: "market list down",
    act: (scene) => faulty(scene, { kind: "503", on: "markets" }, ["kept"]),
  },
];

async function faulty(scene: Scene, fault: Fault, causes: Claim["causes"]): Promise<Claim[]> {
  const takeBack = scene.world.venue.faults.inject(fault);
  await pass(scene);
  takeBack();
  return slotsOf(scene).map((slot) => ({ slot, causes }));
}

/** Of the tokens that will be asked for, a third. */
async function someFaulty(scene: Scene, kind: FaultKind, cause: Cause): Promise<Claim[]> {
  const tokens = scene.world.venue.truth.tokens().filter(() => scene.random() < 1 / 3);
  if (tokens.length === 0) return faulty(scene, { kind: "pretty", on: "books" }, ["kept"]);
  const takeBack = scene.world.venue.faults.inject({ kind, on: "books", tokens });
  await pass(scene);
  takeBack();
  return slotsOf(scene).map((slot) => ({ slot, causes: [cause], tokens }));
}
