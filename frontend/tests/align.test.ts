import { expect, test } from "vitest";
import { aligned, spread } from "~/doc/align";

const boxes = new Map([
  ["a", { x: 0, y: 50, width: 100, height: 40 }],
  ["b", { x: 30, y: 500, width: 50, height: 100 }],
  ["c", { x: 400, y: 10, width: 100, height: 20 }],
]);

test("edges line up with the first", () => {
  expect([...aligned(boxes, "x").values()].map(({ x }) => x)).toEqual([0, 0, 0]);
  expect([...aligned(boxes, "y").values()]).toEqual([0, 30, 400].map((x) => ({ x, y: 10 })));
});

test("gaps become the same, and the outermost stay", () => {
  expect(Object.fromEntries(spread(boxes, "x"))).toEqual({
    a: { x: 0, y: 50 },
    b: { x: 225, y: 500 },
    c: { x: 400, y: 10 },
  });
  expect(spread(boxes, "y").get("b")).toEqual({ x: 30, y: 500 });
});
