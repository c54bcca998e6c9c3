/** Sweeps: what a text means as values, and the document that is run with them. */
import { expect, test } from "vitest";
import type { Input } from "~/catalog/catalog";
import type { Workflow } from "~/doc/model";
import type { Job } from "~/run/jobs";
import { jobAt, swept, valuesOf } from "~/run/sweep";

const input = (schema: Record<string, unknown>) =>
  ({ name: "x", type: "X", required: false, schema }) as unknown as Input;

test("values are written as people write them", () => {
  expect(valuesOf("1, 2,3", input({ type: "integer" }))).toEqual([1, 2, 3]);
  expect(valuesOf("4..20:5, 64*2", input({ type: "integer" }))).toEqual([4, 8, 12, 16, 20, 128]);
  expect(valuesOf("1..3", input({ type: "integer" }))).toEqual([1, 2, 3]);
  expect(valuesOf("0..1:3, 0.25", input({ type: "number" }))).toEqual([0, 0.5, 1, 0.25]);
  expect(valuesOf("18446744073709551615", input({ type: "integer" }))).toEqual([18446744073709551615n]);
  expect(valuesOf("a cat, sitting\n\na dog", input({ type: "string" }))).toEqual(["a cat, sitting", "a dog"]);
  expect(valuesOf("euler, no such", input({ type: "string", enum: ["euler", "heun"] }))).toEqual(["euler"]);
  expect(valuesOf("on, off", input({ type: "boolean" }))).toEqual([true, false]);
  expect(valuesOf("one, ..", input({ type: "number" }))).toEqual([]);
});

test("swept fields are the only inputs that set them", () => {
  const doc: Workflow = {
    format: "graphengine.workflow",
    version: 1,
    inputs: { seed: { to: ["a.seed"] }, both: { to: ["a.steps", "b.steps"], title: "Steps" } },
    nodes: {},
  };
  const axes = [
    { target: { node: "a", name: "seed" }, values: [1, 2] },
    { target: { node: "a", name: "steps" }, values: [3] },
  ];
  expect(swept(doc, axes).inputs).toEqual({
    both: { to: ["b.steps"], title: "Steps" },
    sweep_x: { to: ["a.seed"] },
    sweep_y: { to: ["a.steps"] },
  });
  const job = (id: string, batch: string, x: number) =>
    ({ id, batch, inputs: { sweep_x: x, sweep_y: 3 } }) as unknown as Job;
  const jobs = [job("p", "other", 2), job("q", "mine", 1), job("r", "mine", 2)];
  expect(jobAt(jobs, { batch: "mine", axes }, 1, 0)?.id).toBe("r");
});
