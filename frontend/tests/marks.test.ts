/** Differences by node, and in texts. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { pathInto } from "~/commands/comparing";
import { between, byEntry, byNode, countsOf } from "~/doc/marks";
import type { Workflow } from "~/doc/model";

test("changes are gathered by node, and a node of another type went and came", () => {
  const part = {
    subgraph: null,
    looks: 0,
    changes: [
      { kind: "removed", node: "a", type: "x" },
      { kind: "value", node: "b", name: "v", before: 1, after: 2 },
      { kind: "renamed", node: "old", to: "b" },
      { kind: "added", node: "a", type: "y" },
      { kind: "interface", side: "inputs", name: "i", before: 1, after: 2 },
    ],
  } as const;
  expect(byNode(part).map(({ node, mark, type, changes }) => [node, mark, type, changes.length])).toEqual([
    ["a", "removed", "x", 0],
    ["b", "changed", "", 2],
    ["a", "added", "y", 0],
  ]);
  expect(countsOf([part])).toEqual({ added: 1, removed: 1, changed: 1 });
});

test("what differs of named inputs and outputs is told field by field", () => {
  const changes = [
    { kind: "interface", side: "inputs", name: "a", before: undefined, after: { to: ["n.x", "m.x"], title: "A" } },
    { kind: "interface", side: "inputs", name: "b", before: { to: ["n.x"], minimum: 1 }, after: { to: ["n.x"] } },
    { kind: "interface", side: "outputs", name: "c", before: { from: "n.y" }, after: undefined },
    { kind: "value", node: "n", name: "x", before: 1, after: 2 },
  ] as const;
  expect(byEntry({ subgraph: null, looks: 0, changes })).toEqual([
    {
      name: "a",
      side: "inputs",
      mark: "added",
      fields: [
        { key: "to", before: null, after: "n.x, m.x" },
        { key: "title", before: null, after: "A" },
      ],
    },
    { name: "b", side: "inputs", mark: "changed", fields: [{ key: "minimum", before: "1", after: null }] },
    { name: "c", side: "outputs", mark: "removed", fields: [{ key: "from", before: "n.y", after: null }] },
  ]);
});

test("two texts differ in their middle alone, and nothing of either is lost", () => {
  expect(between("a red circle", "a blue circle")).toEqual({ head: "a ", old: "red", now: "blue", tail: " circle" });
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (before, after) => {
      const { head, old, now, tail } = between(before, after);
      expect([head + old + tail, head + now + tail]).toEqual([before, after]);
    }),
  );
});

test("a way into a subgraph goes through the nodes that stand for it", () => {
  const doc = {
    nodes: { outer: { type: "subgraph:A" } },
    subgraphs: { A: { nodes: { n: { type: "x" }, inner: { type: "subgraph:B" } } }, B: {}, C: {} },
  } as unknown as Workflow;
  expect([null, "A", "B", "C"].map((name) => pathInto(doc, name))).toEqual([[], ["outer"], ["outer", "inner"], null]);
});
