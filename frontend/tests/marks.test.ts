/** Differences by node, and in texts. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { pathInto } from "~/commands/comparing";
import { between, byNode, countsOf } from "~/doc/marks";
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
