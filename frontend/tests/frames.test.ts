/** Frames: who is in which, and where they are. */
import { produce } from "immer";
import { expect, test } from "vitest";
import { boxesOf, hiddenIn, settle } from "~/canvas/framing";
import { removeNodes, renameNode } from "~/doc/edit";
import { addFrame, framesOf, membersOf, removeFrame, setFrame } from "~/doc/frames";
import type { Workflow } from "~/doc/model";

const plain = {
  format: "graphengine.workflow",
  version: 1,
  nodes: { a: { type: "x" }, b: { type: "x" }, c: { type: "x" }, d: { type: "x" } },
} as Workflow;

const framed = (doc: Workflow, ...names: string[]) =>
  produce(doc, (draft) => void addFrame(draft, new Set(names), names.join("")));
const shape = (doc: Workflow) => framesOf(doc).map(({ id, nodes, parent }) => [id, nodes.join(""), parent]);

test("frames nest around one another, from inside and from outside", () => {
  const inner = framed(plain, "a", "b");
  expect(shape(inner)).toEqual([["frame", "ab", null]]);
  const outer = framed(inner, "a", "b", "c");
  expect(shape(outer)).toEqual([
    ["frame", "ab", "frame_2"],
    ["frame_2", "c", null],
  ]);
  expect([...membersOf(framesOf(outer), "frame_2")].sort()).toEqual(["a", "b", "c"]);
  const deeper = framed(outer, "a");
  expect(shape(deeper)).toEqual([
    ["frame", "b", "frame_2"],
    ["frame_2", "c", null],
    ["frame_3", "a", "frame"],
  ]);
  const torn = framed(outer, "b", "d");
  expect(shape(torn)).toEqual([
    ["frame", "a", "frame_2"],
    ["frame_2", "c", null],
    ["frame_3", "bd", null],
  ]);
});

test("a frame that goes leaves its nodes to the one around it, and an empty one goes", () => {
  const outer = framed(framed(plain, "a", "b"), "a", "b", "c");
  expect(shape(produce(outer, (draft) => removeFrame(draft, "frame")))).toEqual([["frame_2", "cab", null]]);
  const gone = produce(outer, (draft) => removeNodes(draft, new Set(["a", "b", "c"])));
  expect(gone.view?.frames).toBeUndefined();
  const renamed = produce(outer, (draft) => renameNode(draft, "a", "z"));
  expect(framesOf(renamed)[0]?.nodes).toEqual(["z", "b"]);
});

test("a frame is as large as its nodes, and hides them where it is collapsed", () => {
  const outer = framed(framed(plain, "a", "b"), "a", "b", "c");
  const places: Record<string, number> = { a: 0, b: 300, c: 600, d: 900 };
  const rectOf = (name: string) => ({ x: places[name] ?? 0, y: 0, width: 100, height: 100 });
  const boxes = boxesOf(framesOf(outer), rectOf, new Map());
  expect(boxes.get("frame")).toEqual({ x: -24, y: -40, width: 448, height: 164 });
  expect(boxes.get("frame_2")).toEqual({ x: -48, y: -80, width: 772, height: 228 });
  const collapsed = produce(outer, (draft) => setFrame(draft, "frame_2", "collapsed", true));
  expect([...hiddenIn(framesOf(collapsed))]).toEqual([
    ["a", "frame_2"],
    ["b", "frame_2"],
    ["c", "frame_2"],
  ]);
});

test("what is dragged into a frame is in it, and what is dragged out is not", () => {
  const outer = framed(framed(plain, "a", "b"), "a", "b", "c");
  const places: Record<string, number> = { a: 0, b: 300, c: 600, d: 900 };
  const rectOf = (moved: Record<string, number>) => (name: string) => ({
    x: moved[name] ?? places[name] ?? 0,
    y: 0,
    width: 100,
    height: 100,
  });
  const boxes = boxesOf(framesOf(outer), rectOf({}), new Map());
  const dragged = (moved: Record<string, number>) =>
    shape(produce(outer, (draft) => settle(draft, framesOf(outer), new Set(Object.keys(moved)), boxes, rectOf(moved))));
  expect(dragged({ d: 150 })).toEqual([
    ["frame", "abd", "frame_2"],
    ["frame_2", "c", null],
  ]);
  expect(dragged({ d: 500 })).toEqual([
    ["frame", "ab", "frame_2"],
    ["frame_2", "cd", null],
  ]);
  expect(dragged({ a: 2_000 })).toEqual([
    ["frame", "b", "frame_2"],
    ["frame_2", "c", null],
  ]);
  expect(dragged({ a: 20 })).toEqual(shape(outer));
  expect(dragged({ a: 2_000, b: 2_300 })).toEqual([
    ["frame", "ab", null],
    ["frame_2", "c", null],
  ]);
  expect(dragged({ a: 2_000, b: 2_300, c: 2_600 })).toEqual(shape(outer));
});
