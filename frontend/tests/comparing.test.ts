/** Comparing says whether there is something to compare. */
import { expect, test } from "vitest";
import { compare, type Past } from "~/commands/comparing";
import { emptyWorkflow } from "~/doc/model";
import { useNotices } from "~/ui/notices";

test("what cannot be had is told, and nothing is compared", async () => {
  const past: Past = { word: "then", load: async () => emptyWorkflow() };
  const lost: Past = { word: "lost", load: () => Promise.reject(new Error("it is gone")) };
  expect([await compare(past, lost), await compare(lost)]).toEqual([false, false]);
  expect(useNotices.getState().notices.map(({ text }) => text)).toEqual(["it is gone", "it is gone"]);
  expect(await compare(past)).toBe(true);
});
