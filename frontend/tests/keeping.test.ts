/** The journal: what was kept comes back, to the last digit. */
import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { parseWorkflow, workflowText } from "~/doc/file";
import { Journal } from "~/doc/journal";

const doc = parseWorkflow(
  '{"format":"graphengine.workflow","version":1,"nodes":{"b":{"type":"t.b","inputs":{"seed":18446744073709551615}},"a":{"type":"t.a"}}}',
  "x",
);

test("documents come back in their order, and versions newest first", async () => {
  const journal = await Journal.open("one");
  const rest = { path: [], saved: null, isChanged: true, isOpen: true, touched: 1 };
  await journal.put({ id: "second", doc, position: 1, ...rest });
  await journal.put({ id: "first", doc, position: 0, ...rest });
  for (let time = 1; time <= 103; time++) await journal.keep({ doc: "first", time, label: "", text: `${time}` });
  journal.close();

  const again = await Journal.open("one");
  const found = await again.all();
  expect(found.map(({ id }) => id)).toEqual(["first", "second"]);
  expect(found.map((kept) => workflowText(kept.doc))).toEqual([workflowText(doc), workflowText(doc)]);
  const versions = await again.versions("first");
  expect([versions.length, versions[0]?.text, versions.at(-1)?.text]).toEqual([100, "103", "4"]);
  await again.forget("first");
  expect((await again.all()).map(({ id }) => id)).toEqual(["second"]);
  again.close();
});
