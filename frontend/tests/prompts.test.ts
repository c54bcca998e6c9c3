/** Prompts: for which model one is, which words are offered, and what is not offered. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Catalog, type Input } from "~/catalog/catalog";
import { SocketFinder } from "~/catalog/sockets";
import type { Workflow } from "~/doc/model";
import { completions, modelBehind, promptWords, referenceOf } from "~/doc/prompts";

const input = (name: string, more: Partial<Input>) =>
  ({ name, type: "Text", required: false, schema: {}, ...more }) as unknown as Input;
const node = (id: string, inputs: Input[]) =>
  ({ id, title: id, inputs, outputs: [], passage: {}, summary: "", help: "", category: "", sink: false }) as never;
const file = input("source", { type: "File", roots: ["models", "builtin"], default: "small" });
const finder = new SocketFinder(
  new Catalog({
    nodes: [
      node("load", [file]),
      node("encode", [input("encoder", {}), input("text", { schema: { type: "string" }, widget: { kind: "prompt" } })]),
    ],
    types: [],
    conversions: [],
    fits: [],
    faults: [],
  }),
);
const doc = {
  nodes: {
    one: { type: "load", inputs: { source: "a.safetensors" } },
    two: { type: "load", inputs: { source: "builtin:b" } },
    skip: { type: "unknown", inputs: { encoder: { $link: "two.encoder" } } },
    words: { type: "encode", inputs: { encoder: { $link: "skip.encoder" }, text: "a red fox, Red hens and 4k" } },
    lone: { type: "encode", inputs: { text: "a (red:1.3) fox" } },
  },
} as unknown as Workflow;

test("a prompt is for the model behind it, else for the only one there is", () => {
  expect(modelBehind(finder, doc, doc, "words")).toBe("builtin:b");
  expect(modelBehind(finder, doc, doc, "lone")).toBeNull();
  const one = { nodes: { load: { type: "load" }, lone: doc.nodes?.lone } } as unknown as Workflow;
  expect(modelBehind(finder, one, one, "lone")).toBe("models:small");
  const circle = { nodes: { a: { type: "x", inputs: { i: { $link: "a.o" } } } } } as unknown as Workflow;
  expect(modelBehind(finder, circle, circle, "a")).toBeNull();
  expect([referenceOf(file, "builtin:b"), referenceOf(file, "c:d"), referenceOf(file, 3)]).toEqual([
    "builtin:b",
    "models:c:d",
    null,
  ]);
});

test("words of prompts come in the order of how often they were written", () => {
  expect(promptWords(finder, [doc])).toEqual(["fox", "red", "and", "hens", "Red"]);
});

test("what is begun is completed, from the first list first", () => {
  const lists = [
    ["redwood", "fox"],
    ["Redwood", "redder", "red", "foxes"],
  ];
  expect(completions("a red", 5, lists).map(({ word }) => word)).toEqual(["redwood", "redder"]);
  expect(completions("a red", 4, lists)).toEqual([]); // within a word
  expect(completions("a r", 3, lists)).toEqual([]); // too short
  expect(completions("(fo:1.2)", 3, lists)).toEqual([
    { word: "fox", from: 1, to: 3 },
    { word: "foxes", from: 1, to: 3 },
  ]);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(), (text, at) => {
      for (const { word, from, to } of completions(text, at % (text.length + 1), lists)) {
        expect(word.toLowerCase().startsWith(text.slice(from, to).toLowerCase())).toBe(true);
      }
    }),
  );
});
