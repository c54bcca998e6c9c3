/** Differences of documents: all that was changed is told, and nothing else. */
import fc from "fast-check";
import { produce } from "immer";
import { expect, test } from "vitest";
import { diff } from "~/doc/diff";
import { addNode, connect, disconnect, moveNode, removeNodes, renameNode, setMode, setValue } from "~/doc/edit";
import type { Workflow } from "~/doc/model";
import { documents } from "./documents";

const doc = {
  format: "graphengine.workflow",
  version: 1,
  inputs: { text: { to: ["a.text"] } },
  nodes: {
    a: { type: "x.a", inputs: { text: "red", list: { b: 1, a: 2 } } },
    b: { type: "x.b", inputs: { in: { $link: "a.out" }, size: 3 } },
  },
  subgraphs: { S: { nodes: { i: { type: "x", inputs: { v: 1 } } } } },
  view: { nodes: { a: { x: 0, y: 0 }, b: { x: 9, y: 9 } } },
} as Workflow;
const changed = (how: (draft: Workflow) => void) =>
  diff(
    doc,
    produce(doc, (draft) => how(draft as Workflow)),
  );

test("a document does not differ from itself, however its keys are sorted", () => {
  fc.assert(
    fc.property(documents, (each) => {
      expect(diff(each, structuredClone(each))).toEqual([]);
    }),
  );
  const turned = changed((draft) => setValue(draft, { node: "a", name: "list" }, { a: 2, b: 1 }));
  expect(turned).toEqual([]);
});

test("values, links, settings and interfaces", () => {
  const [part] = changed((draft) => {
    setValue(draft, { node: "a", name: "text" }, "blue");
    disconnect(draft, { node: "b", name: "in" });
    connect(draft, { source: { node: "a", name: "out" }, target: { node: "b", name: "size" } });
    setMode(draft, ["b"], "mute");
    delete draft.inputs?.text;
  });
  expect(part?.changes).toEqual([
    { kind: "value", node: "a", name: "text", before: "red", after: "blue" },
    { kind: "link", node: "b", name: "in", before: "a.out", after: null },
    { kind: "link", node: "b", name: "size", before: null, after: "a.out" },
    { kind: "value", node: "b", name: "size", before: 3, after: undefined },
    { kind: "setting", node: "b", name: "mode", before: undefined, after: "mute" },
    { kind: "interface", side: "inputs", name: "text", before: { to: ["a.text"] }, after: undefined },
  ]);
});

test("nodes come, go, and are renamed", () => {
  const [added] = changed((draft) => void addNode(draft, { type: "x.c" }, { x: 0, y: 0 }, "c"));
  expect(added?.changes).toEqual([{ kind: "added", node: "c", type: "x.c" }]);
  const [gone] = changed((draft) => removeNodes(draft, new Set(["b"])));
  expect(gone?.changes).toEqual([{ kind: "removed", node: "b", type: "x.b" }]);
  const [renamed] = changed((draft) => {
    delete draft.inputs;
    renameNode(draft, "a", "z");
  });
  expect(renamed?.changes).toEqual([
    { kind: "renamed", node: "a", to: "z" },
    { kind: "interface", side: "inputs", name: "text", before: { to: ["a.text"] }, after: undefined },
  ]);
});

test("looks are counted apart, and subgraphs are parts of their own", () => {
  expect(changed((draft) => moveNode(draft, "a", { x: 5, y: 5 }))).toEqual([{ subgraph: null, changes: [], looks: 1 }]);
  const inside = changed((draft) => {
    const part = draft.subgraphs?.S;
    if (part) setValue(part, { node: "i", name: "v" }, 2);
  });
  expect(inside).toEqual([
    { subgraph: "S", changes: [{ kind: "value", node: "i", name: "v", before: 1, after: 2 }], looks: 0 },
  ]);
});
