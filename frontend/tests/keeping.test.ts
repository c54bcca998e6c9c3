/** The journal: what was kept comes back, to the last digit. */
import "fake-indexeddb/auto";
import { expect, test, vi } from "vitest";
import { parseWorkflow, workflowText } from "~/doc/file";
import { Journal } from "~/doc/journal";
import { Keeper } from "~/doc/keeping";
import { edit } from "~/doc/tabs";

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
  again.close();
});

test("of closed documents those that were closed last are kept, with their versions", async () => {
  const journal = await Journal.open("two");
  const rest = { path: [], saved: null, isChanged: true, position: 0 };
  for (const [id, touched] of Object.entries({ old: 1, newer: 2, newest: 3 })) {
    await journal.put({ id, doc, isOpen: false, touched, ...rest });
    await journal.keep({ doc: id, time: 1, label: "", text: id });
  }
  await journal.put({ id: "open", doc, isOpen: true, touched: 0, ...rest });
  await journal.prune(2);
  expect((await journal.all()).map(({ id }) => id).sort()).toEqual(["newer", "newest", "open"]);
  expect((await journal.all("open")).map(({ id }) => id)).toEqual(["open"]);
  expect([await journal.versions("old"), (await journal.versions("newer")).length]).toEqual([[], 1]);
  journal.close();
});

test("a browser that is full says so once, and what could not be kept is kept when there is room", async () => {
  vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: () => {} });
  vi.stubGlobal("localStorage", { length: 0 });
  vi.stubGlobal("document", new EventTarget());
  vi.stubGlobal("addEventListener", () => {});
  const heard: string[] = [];
  const keeper = await Keeper.start((message) => heard.push(message));
  const put = vi.spyOn(keeper.journal, "put").mockRejectedValue(new Error("no room"));
  for (const title of ["One", "Two"]) {
    edit("Title", (part) => Object.assign(part, { title }));
    await vi.waitFor(() => expect(put).toHaveBeenCalledTimes(title === "One" ? 1 : 2));
  }
  await vi.waitFor(() => expect(heard).toEqual(["no room"]));
  put.mockRestore();
  edit("Title", (part) => Object.assign(part, { title: "Three" }));
  await vi.waitFor(async () => expect((await keeper.journal.all()).map((kept) => kept.doc.title)).toEqual(["Three"]));
  keeper.journal.close();
  vi.unstubAllGlobals();
});
