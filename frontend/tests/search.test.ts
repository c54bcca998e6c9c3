/** Nodes are found by the names that people know. */
import { expect, test } from "vitest";
import { searchNodes } from "~/canvas/search";
import { Catalog } from "~/catalog/catalog";

const node = (id: string, title: string, aliases: string[] = []) =>
  ({ id, title, aliases, inputs: [], outputs: [], passage: {}, summary: "", help: "", category: "" }) as never;
const catalog = new Catalog({
  nodes: [
    node("sampling.sample", "Sample", ["KSampler", "Denoise"]),
    node("text.encode", "Encode text", ["CLIP text encode", "Prompt"]),
    node("model.load", "Load model", ["Checkpoint loader"]),
    node("image.load", "Load image"),
    node("primitive.text", "Long text", ["Prompt text"]),
  ],
  types: [],
  conversions: [],
  fits: [],
  faults: [],
});
const first = (query: string) => searchNodes(catalog, query, null, [])[0]?.node.id;

test("other names find a node, however they are written", () => {
  expect(
    ["KSampler", "ksam", "clip text encode", "text encode clip", "checkpoint loader", "loader"].map(first),
  ).toEqual(["sampling.sample", "sampling.sample", "text.encode", "text.encode", "model.load", "model.load"]);
});

test("a title goes before another name, and nothing finds nothing", () => {
  expect(first("load image")).toBe("image.load");
  expect(first("sample")).toBe("sampling.sample");
  expect(searchNodes(catalog, "zzz", null, [])).toEqual([]);
});
