/** Answers of the service, read as the browser reads them, lose nothing either. */
import fc from "fast-check";
import { stringify } from "lossless-json";
import { expect, test } from "vitest";
import { parseAnswer, parseJson, writeJson } from "~/api/json";
import { documents } from "./documents";

test("an answer is read as a document is", () => {
  fc.assert(
    fc.property(documents, (doc) => {
      const text = writeJson(doc);
      expect(parseAnswer(text)).toEqual(parseJson(text));
    }),
    { numRuns: 200 },
  );
});

test.each(["18446744073709551615", "-9007199254740993", "1e21", "0.12345678901234567890", "[9007199254740993, 1]"])(
  "%s stays exact",
  (text) => {
    expect(parseAnswer(text)).toEqual(parseJson(text));
  },
);

test("what the browser writes is what is written with large numbers in it", () => {
  fc.assert(
    fc.property(documents, fc.constantFrom(undefined, 2), (doc, indent) => {
      expect(writeJson(doc, indent)).toBe(stringify(doc, undefined, indent));
    }),
    { numRuns: 200 },
  );
  expect(writeJson({ seed: 2n ** 64n - 1n })).toBe('{"seed":18446744073709551615}');
  expect(writeJson(undefined)).toBe("null");
});
