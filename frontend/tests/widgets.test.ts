/** Records and curves. */
import { expect, test } from "vitest";
import { pairsOf, withMoved, withPoint } from "~/widgets/pairs";
import { blank, fieldsOf } from "~/widgets/record";

test("a list of flat records has fields, and nothing else has", () => {
  const properties = {
    file: { type: "string" },
    strength: { type: "number", default: 1 },
    on: { type: "boolean", default: true },
    how: { type: "string", enum: ["a", "b"] },
  };
  const fields = fieldsOf({ type: "array", items: { type: "object", properties } });
  expect(blank(fields)).toEqual({ file: "", strength: 1, on: true, how: "a" });
  const referred = { type: "array", items: { $ref: "#/$defs/Lora" }, $defs: { Lora: { properties } } };
  expect(fieldsOf(referred).map(({ name }) => name)).toEqual(["file", "strength", "on", "how"]);
  for (const schema of [{ type: "object", properties }, { type: "array", items: { type: "number" } }, {}]) {
    expect(fieldsOf(schema)).toEqual([]);
  }
  expect(fieldsOf({ type: "array", items: { properties: { deep: { type: "object" } } } })).toEqual([]);
});

test("points of a curve keep their order and their bounds", () => {
  const points = withPoint(pairsOf(null), [0.5, 0.25]);
  expect(points).toEqual([
    [0, 0],
    [0.5, 0.25],
    [1, 1],
  ]);
  expect(withMoved(points, 1, [3, -1])[1]).toEqual([0.999, 0]);
  expect(withMoved(points, 0, [-1, 2])[0]).toEqual([0, 1]);
  expect(withPoint(points, [0.5, 0.9])).toEqual(points);
  expect(pairsOf([[0, 1], "x", [1, 0]])).toEqual([
    [0, 1],
    [1, 0],
  ]);
});
