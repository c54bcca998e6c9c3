/** Looking at values, and how far a job is. */
import { expect, test } from "vitest";
import { Hand } from "~/canvas/wheel";
import { Catalog } from "~/catalog/catalog";
import { SocketFinder } from "~/catalog/sockets";
import type { Workflow } from "~/doc/model";
import { expectedOf, type Job, shareOf, type Task } from "~/run/jobs";
import { peeking } from "~/run/peek";

const socket = (name: string, type: string) => ({ name, type, required: true, schema: {} });
const told = (id: string, type: string, more: object = {}) => ({
  id,
  title: id,
  inputs: [socket("value", type)],
  outputs: [{ name: "value", type }],
  sink: true,
  passage: {},
  ...more,
});
const finder = new SocketFinder(
  new Catalog({
    nodes: [
      told("image.preview", "Image"),
      told("latent.preview", "Latent"),
      told("x.save", "Latent", { outputs: [] }),
    ],
    types: [],
    conversions: [],
    fits: [
      { source: "Image", target: "Image", each: false, converts: false },
      { source: "Latent", target: "Latent", each: false, converts: false },
      { source: "Mask", target: "Image", each: false, converts: true },
    ],
    faults: [],
  } as unknown as ConstructorParameters<typeof Catalog>[0]),
);

const doc: Workflow = {
  format: "graphengine.workflow",
  version: 1,
  nodes: { outer: { type: "subgraph:S" }, peek: { type: "x" } },
  subgraphs: { S: { nodes: { inner: { type: "y" } }, outputs: { peek: { from: "inner.other" } } } },
} as unknown as Workflow;

test.each([
  ["Image", "image.preview"],
  ["Latent", "latent.preview"],
  ["Mask", "image.preview"],
])("a %s is shown by %s", (type, shower) => {
  const wanted = { doc, path: [], source: { node: "outer", name: "value" }, type };
  const { copy, shows, targets } = peeking(wanted, finder);
  expect(shows).toBe("peek_2");
  expect(targets).toEqual(["outer", "peek_2"]);
  expect(copy.nodes?.peek_2).toEqual({ type: shower, inputs: { value: { $link: "outer.value" } } });
});

test("a value inside a subgraph is led out of it, and the document stays as it was", () => {
  const before = structuredClone(doc);
  const wanted = { doc, path: ["outer"], source: { node: "inner", name: "value" }, type: "Text" };
  const { copy, shows, targets } = peeking(wanted, finder);
  expect(shows).toBeNull();
  expect(targets).toEqual(["outer/inner"]);
  expect(copy.outputs).toEqual({ peek: { from: "outer.peek_2" } });
  expect(copy.subgraphs?.S?.outputs).toEqual({ peek: { from: "inner.other" }, peek_2: { from: "inner.value" } });
  expect(doc).toEqual(before);
});

const job = (tasks: Record<string, Task>, expected: Job["expected"]) =>
  ({ state: "running", tasks, expected }) as unknown as Job;

test("a job is as far as the seconds that its tasks are expected to take", () => {
  const expected = expectedOf({
    load: { verdict: "cached", seconds: null },
    encode: { verdict: "runs", seconds: 1 },
    sample: { verdict: "runs", seconds: 8 },
    decode: { verdict: "runs", seconds: null },
    save: { verdict: "not_needed", seconds: 1 },
  });
  expect(expected).toEqual({ encode: 1, sample: 8, decode: 4.5 });
  expect(shareOf(job({}, expected))).toBe(0);
  const begun: Record<string, Task> = { load: { state: "cached" }, encode: { state: "done" } };
  expect(shareOf(job(begun, expected))).toBeCloseTo(1 / 13.5);
  const half = { ...begun, sample: { state: "running", step: 10, total: 20 } as Task };
  expect(shareOf(job(half, expected))).toBeCloseTo(5 / 13.5);
  const late = { ...begun, sample: { state: "running", began: 0 } as Task };
  expect(shareOf(job(late, expected), 1e6)).toBeCloseTo((1 + 0.9 * 8) / 13.5);
});

const turn = (deltaX: number, deltaY: number, timeStamp: number, more: Partial<WheelEvent> = {}) =>
  ({ deltaX, deltaY, timeStamp, deltaMode: 0, ctrlKey: false, metaKey: false, ...more }) as WheelEvent;

test("two fingers pan, a wheel zooms, and with Ctrl both do", () => {
  const hand = new Hand();
  expect(hand.pans(turn(0, 100, 0))).toBe(false);
  expect(hand.pans(turn(0, -120, 20))).toBe(false);
  expect(hand.pans(turn(0, 3, 1000, { deltaMode: 1 }))).toBe(false);
  expect(hand.pans(turn(0, 4, 2000))).toBe(true);
  expect(hand.pans(turn(0, 120, 2016))).toBe(true); // a fast stroke of the same hand
  expect(hand.pans(turn(0, 120, 3000))).toBe(false);
  expect(hand.pans(turn(-3, 0, 4000))).toBe(true);
  expect(hand.pans(turn(0, 4, 4010, { ctrlKey: true }))).toBe(false); // a pinch comes so
});
