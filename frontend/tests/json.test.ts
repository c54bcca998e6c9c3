/** Answers of the service, read as the browser reads them, lose nothing either. */
import fc from "fast-check";
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
