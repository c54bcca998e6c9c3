/** Laying out, by the same ELK that works in the page. */
import Elk from "elkjs/lib/elk.bundled.js";
import { produce } from "immer";
import { expect, test, vi } from "vitest";
import { layoutGraph, placesIn } from "~/canvas/layoutGraph";
import { Catalog } from "~/catalog/catalog";
import { SocketFinder } from "~/catalog/sockets";
import { addFrame } from "~/doc/frames";
import type { Workflow } from "~/doc/model";

vi.stubGlobal("navigator", { platform: "Linux" });

const finder = new SocketFinder(new Catalog({ nodes: [], types: [], conversions: [], fits: [], faults: [] }));
const chain = {
  format: "graphengine.workflow",
  version: 1,
  nodes: {
    a: { type: "x" },
    b: { type: "x", inputs: { in: { $link: "a.out" } } },
    c: { type: "x", inputs: { in: { $link: "b.out" } } },
    d: { type: "x", inputs: { in: { $link: "a.out" } } },
    e: { type: "x", inputs: { in: { $link: "c.out" }, more: { $link: "d.out" } } },
  },
} as Workflow;

async function laid(doc: Workflow, names: string[]) {
  return placesIn(await new Elk().layout(layoutGraph(doc, doc, finder, new Map(), names)));
}

test("what feeds stands left of what it feeds, and nothing overlaps", async () => {
  const places = await laid(chain, ["a", "b", "c", "d", "e"]);
  const x = (name: string) => places.get(name)?.x ?? Number.NaN;
  expect(x("a")).toBeLessThan(x("b"));
  expect(x("b")).toBeLessThan(x("c"));
  expect(Math.max(x("c"), x("d"))).toBeLessThan(x("e"));
  expect(new Set([...places.values()].map((at) => `${at.x} ${at.y}`)).size).toBe(5);
});

test("a frame keeps its nodes together, and others out", async () => {
  const doc = produce(chain, (draft) => void addFrame(draft, new Set(["b", "c"]), "Frame"));
  const places = await laid(doc, ["a", "b", "c", "d", "e"]);
  expect(places.size).toBe(5);
  const [b, c, d] = ["b", "c", "d"].map((name) => places.get(name) ?? { x: Number.NaN, y: Number.NaN });
  const [left, right] = [Math.min(b?.x ?? 0, c?.x ?? 0) - 24, Math.max(b?.x ?? 0, c?.x ?? 0) + 216 + 24];
  const [top, bottom] = [Math.min(b?.y ?? 0, c?.y ?? 0) - 40, Math.max(b?.y ?? 0, c?.y ?? 0) + 66 + 24];
  const isApart = !d || d.x >= right || d.x + 216 <= left || d.y >= bottom || d.y + 66 <= top;
  expect(isApart).toBe(true);
});

test("only what is asked for is laid out", async () => {
  expect([...(await laid(chain, ["a", "b"])).keys()].sort()).toEqual(["a", "b"]);
});
