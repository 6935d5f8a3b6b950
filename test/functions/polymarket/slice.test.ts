/**
 * What is recorded is what the venue wrote, so that the slicer may not change, lose or join a byte.
 *
 * Method: fast-check writes JSON in every shape it can think of, blanks included; JSON.parse is the referee of
 * what an element is, and the test keeps each element's own text.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { type Slices, sliceArray, sliceArrayAt } from "../../../functions/polymarket/slice.ts";

const blanks = fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 3 });
const element = fc
  .tuple(fc.json({ maxDepth: 3 }), fc.constantFrom(undefined, 1, "\t"))
  .map(([text, indent]) =>
    indent === undefined ? text : JSON.stringify(JSON.parse(text), undefined, indent),
  );
const elements = fc.array(element, { maxLength: 6 });

/** An array's text and its elements' own texts, with blanks wherever JSON allows them. */
const array = fc
  .tuple(elements, fc.array(fc.tuple(blanks, blanks), { minLength: 6, maxLength: 6 }))
  .map(([own, pads]) => {
    const inner = own.map((text, at) => `${pads[at]![0]}${text}${pads[at]![1]}`).join(",");
    return { own, text: `${pads[0]![0]}[${own.length === 0 ? pads[1]![0] : inner}]${pads[0]![1]}` };
  });

suite("slicing", () => {
  test("gives each element exactly as it was written", () => {
    fc.assert(
      fc.property(array, ({ own, text }) => {
        const body = Buffer.from(text);
        const found = sliceArray(body);
        assert.equal(found.verdict, "whole");
        assert.deepEqual(textsOf(body, found), own);
      }),
    );
  });

  test("gives each element under a key exactly as it was written, whatever stands around it", () => {
    fc.assert(
      fc.property(
        array,
        fc.dictionary(fc.string(), fc.jsonValue()),
        blanks,
        ({ own, text }, others, blank) => {
          delete others["markets"];
          const around = JSON.stringify(others).slice(1, -1);
          const comma = around === "" ? "" : ",";
          for (const object of [
            `{${blank}"markets"${blank}:${text}${comma}${around}}${blank}`,
            `{${around}${comma}${blank}"markets":${text}}`,
          ]) {
            const body = Buffer.from(object);
            const found = sliceArrayAt(body, "markets");
            assert.equal(found.verdict, "whole", object);
            assert.deepEqual(textsOf(body, found), own);
          }
        },
      ),
    );
  });

  test("gives of a cut answer the whole elements before the cut, and the rest to the byte", () => {
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(objects, fc.nat(), (values, random) => {
        const own = values.map((value) => JSON.stringify(value));
        const whole = Buffer.from(`[${own.join(",")}]`);
        const body = whole.subarray(0, random % whole.length);
        const found = sliceArray(body);
        assert.equal(found.verdict, "cut");
        const texts = textsOf(body, found);
        assert.deepEqual(texts, own.slice(0, texts.length));
        let end = 1;
        const ends = own.map((text) => (end += Buffer.byteLength(text) + 1) - 1);
        assert.equal(texts.length, ends.filter((at) => at <= body.length).length);
        if (found.rest !== undefined) assert.equal(found.rest.end, body.length);
      }),
    );
  });

  test("never fails or runs on, whatever bytes it gets, and invents none", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom("", "[", '{"markets":['),
        (noise, start) => {
          const body = Buffer.concat([Buffer.from(start), noise]);
          for (const found of [sliceArray(body), sliceArrayAt(body, "markets")]) {
            let from = 0;
            for (const range of [
              ...found.elements,
              ...(found.rest === undefined ? [] : [found.rest]),
            ]) {
              assert.ok(
                range.start >= from && range.end >= range.start && range.end <= body.length,
              );
              from = range.end;
            }
          }
        },
      ),
    );
  });

  test("keeps the forms that a parser would change", () => {
    const own = [
      '{"price":1e-2,"size":0.10}',
      '{"id":12345678901234567890}',
      '{"name":"caf\\u00e9 \\"]}\\\\"}',
      '{"a":1,"a":2}',
      "[ 1 , [ ] ]",
      "-0.0",
      '"[,]"',
    ];
    const body = Buffer.from(` [${own.join(" ,\r\n ")} ] `);
    assert.deepEqual(textsOf(body, sliceArray(body)), own);
  });

  test("says garbage of anything but an array, and of more behind one", () => {
    for (const text of ["garbage", '{"error":"x"}', "\u0000[1]", "[1] [2]", "[1]x", "<html>"]) {
      assert.equal(sliceArray(Buffer.from(text)).verdict, "garbage", text);
    }
    for (const text of [
      "[]",
      '{"error":"x"}',
      '{"markets":3}',
      "{markets:[]}",
      '{"markets":[1]}x',
    ]) {
      assert.equal(sliceArrayAt(Buffer.from(text), "markets").verdict, "garbage", text);
    }
  });

  test("says cut of an answer without a byte", () => {
    assert.equal(sliceArray(Buffer.alloc(0)).verdict, "cut");
    assert.equal(sliceArrayAt(Buffer.from('{"a":1,"mark'), "markets").verdict, "cut");
  });
});

function textsOf(body: Buffer, { elements: found }: Slices): string[] {
  return found.map(({ start, end }) => body.toString("utf8", start, end));
}
