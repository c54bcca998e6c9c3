/** The brush: where its dabs fall, and where a mask is kept in a document. */
import { produce } from "immer";
import { expect, test } from "vitest";
import type { Workflow } from "~/doc/model";
import { maskOf, setMask } from "~/doc/pictures";
import { dabs, inPicture, pressed } from "~/mask/stroke";

test("dabs are as far apart however the way is cut into pieces", () => {
  const dab = (x: number) => ({ x, y: 0, radius: 8 });
  const whole = dabs(dab(0), dab(100), 0).dabs.map(({ x }) => x);
  const pieces: number[] = [];
  let rest = 0;
  for (let x = 0; x < 100; x += 5) {
    const found = dabs(dab(x), dab(x + 5), rest);
    pieces.push(...found.dabs.map((each) => each.x));
    rest = found.rest;
  }
  expect(whole.length).toBe(50);
  expect(pieces.length).toBe(whole.length);
  pieces.forEach((x, index) => void expect(x).toBeCloseTo(whole[index] ?? Number.NaN));
});

test("a brush grows on its way as the pressure does, and a hand that rests makes no dab", () => {
  const found = dabs({ x: 0, y: 0, radius: 4 }, { x: 0, y: 40, radius: 12 }, 0).dabs;
  expect(found.every(({ y, radius }) => Math.abs(radius - (4 + y / 5)) < 1e-9)).toBe(true);
  expect(dabs({ x: 1, y: 1, radius: 4 }, { x: 1, y: 1, radius: 4 }, 0).dabs).toEqual([]);
  expect([pressed({ pointerType: "pen", pressure: 0.5 }), pressed({ pointerType: "mouse", pressure: 0.5 })]).toEqual([
    0.5, 1,
  ]);
  expect(inPicture({ x: 60, y: 30 }, { left: 10, top: 20, width: 100 }, 1_000)).toEqual({ x: 500, y: 100 });
});

test("a mask has one node, which is painted over again", () => {
  const doc: Workflow = { format: "graphengine.workflow", version: 1, nodes: { load: { type: "image.load" } } };
  const loader = { type: "image.load", input: "file" };
  const once = produce(doc, (draft) => void setMask(draft, "load", loader, "assets:1", { x: 1, y: 2 }, "Maske"));
  const twice = produce(once, (draft) => void setMask(draft, "load", loader, "assets:2", { x: 9, y: 9 }, "Mask"));
  expect(maskOf(twice, "load")).toBe("mask");
  expect(Object.keys(twice.nodes ?? {})).toEqual(["load", "mask"]);
  expect(twice.nodes?.mask?.title).toBe("Maske");
  expect(twice.nodes?.mask?.inputs).toEqual({ file: "assets:2" });
  expect(twice.view?.nodes?.mask).toMatchObject({ x: 1, y: 2, masks: "load" });
});
