/** build-manifest names the hours in which nothing was written, so that a hole in the files is no hole in what is known. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { Manifest } from "../../functions/archive/manifest.ts";
import { aBook, all, anArchive, type TestArchive } from "../support/archive.ts";

function silenceIn(archive: TestArchive, hour: string): Manifest["silence"] {
  return (JSON.parse(readFileSync(archive.file(hour, "manifest"), "utf8")) as Manifest).silence;
}

suite("build-manifest", () => {
  test("names hours without a line in the manifest of the next hour that has one", async (t) => {
    const archive = anArchive(t);
    for (const at of ["12:00:00", "13:00:00", "16:00:00", "18:00:00"])
      await archive.poll({ at, books: all(aBook("0.4", "0.6")) });
    await archive.seal("2026-11-22T19:10:00Z");
    const silences = ["12", "13", "16", "18"].map((hour) =>
      silenceIn(archive, `2026-11-22T${hour}`),
    );
    assert.deepEqual(silences, [
      [],
      [],
      [["2026-11-22T14", "2026-11-22T15"]],
      [["2026-11-22T17", "2026-11-22T17"]],
    ]);
  });

  test("counts silence from the hour before in the chain, whenever that was described", async (t) => {
    const archive = anArchive(t);
    await archive.poll({ at: "12:00:00", books: all(aBook("0.4", "0.6")) });
    await archive.seal("2026-11-22T13:10:00Z");
    await archive.poll({ at: "15:00:00", books: all(aBook("0.4", "0.6")) });
    await archive.seal("2026-11-22T16:10:00Z");
    assert.deepEqual(silenceIn(archive, "2026-11-22T15"), [["2026-11-22T13", "2026-11-22T14"]]);
  });
});
