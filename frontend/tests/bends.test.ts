/** Points that links are led by. */
import { produce } from "immer";
import { expect, test } from "vitest";
import { placeAmong, routeOf } from "~/canvas/route";
import { bendsOf, setBends } from "~/doc/bends";
import { copy, paste } from "~/doc/clipboard";
import { moveNode } from "~/doc/edit";
import type { Workflow } from "~/doc/model";

const doc = {
  format: "graphengine.workflow",
  version: 1,
  nodes: { a: { type: "x" }, b: { type: "x", inputs: { in: { $link: "a.out" } } } },
  view: { nodes: { a: { x: 0, y: 0 }, b: { x: 500, y: 100 } } },
} as Workflow;
const target = { node: "b", name: "in" };
const led = produce(doc, (draft) => setBends(draft, target, [{ x: 300, y: 400 }]));

test("they are of the view, and go with the node that the link ends at", () => {
  expect(led.nodes).toBe(doc.nodes);
  expect(bendsOf(led, target)).toEqual([{ x: 300, y: 400 }]);
  const moved = produce(led, (draft) => moveNode(draft, "b", { x: 600, y: 100 }));
  expect(bendsOf(moved, target)).toEqual([{ x: 400, y: 400 }]);
  const clip = copy(led, led, ["a", "b"]);
  const pasted = produce(
    doc,
    (draft) => void paste(draft, draft, clip, { at: { x: 1_250, y: 50 }, withIncoming: false }),
  );
  expect(bendsOf(pasted, { node: "b_2", name: "in" })).toEqual([{ x: 1_300, y: 400 }]);
  expect(produce(led, (draft) => setBends(draft, target, []))).toEqual(doc);
});

test("a new one takes its place among the others", () => {
  const [from, to] = [
    { x: 0, y: 0 },
    { x: 300, y: 0 },
  ];
  const through = [
    { x: 100, y: 100 },
    { x: 200, y: 100 },
  ];
  expect(placeAmong(from, through, to, { x: 50, y: 40 })).toBe(0);
  expect(placeAmong(from, through, to, { x: 150, y: 110 })).toBe(1);
  expect(placeAmong(from, through, to, { x: 260, y: 50 })).toBe(2);
  expect(routeOf(from, through, to).split("C")).toHaveLength(4);
});
