/** Subgraphs: made and unpacked, a document means what it meant. */
import fc from "fast-check";
import { produce } from "immer";
import { describe, expect, test } from "vitest";
import { expose, hide, renameEntry, sortEntry } from "~/doc/interface";
import { linksOf, type Workflow, written } from "~/doc/model";
import { NAME, SOCKET_NAME } from "~/doc/names";
import { detour, holds, makeSubgraph, unpackSubgraph, whyNotUnpacked } from "~/doc/subgraph";
import { documents } from "./documents";

const sorted = (links: Iterable<string>) => [...links].sort();
const linksIn = (doc: Workflow) =>
  sorted([...linksOf(doc)].map((link) => `${written(link.source)}>${written(link.target)}`));

/** Documents whose links go forward, and some of their nodes. */
const cases = fc.tuple(documents, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 })).map(([doc, picks]) => {
  const names = Object.keys(doc.nodes ?? {});
  const straight = produce(doc, (draft) => {
    for (const { source, target } of linksOf(doc)) {
      const isForward = names.indexOf(source.node) < names.indexOf(target.node);
      if (!isForward) delete draft.nodes?.[target.node]?.inputs?.[target.name];
    }
  });
  return { doc: straight, names: new Set(names.filter((_, at) => picks[at])) };
});

describe("made and unpacked", () => {
  test("the nodes, values and links are what they were", () => {
    fc.assert(
      fc.property(cases, ({ doc, names }) => {
        fc.pre(names.size > 0 && detour(doc, names) === null);
        let name = "";
        const made = produce(doc, (draft) => {
          name = makeSubgraph(draft, draft, names, "Part");
        });
        expect(NAME.test(name)).toBe(true);
        expect(Object.keys(made.nodes ?? {})).toHaveLength(Object.keys(doc.nodes ?? {}).length - names.size + 1);
        const subgraph = made.subgraphs?.Part;
        for (const key of [...Object.keys(subgraph?.inputs ?? {}), ...Object.keys(subgraph?.outputs ?? {})])
          expect(SOCKET_NAME.test(key)).toBe(true);
        const back = produce(made, (draft) => void unpackSubgraph(draft, draft, name));
        expect(back.nodes).toEqual(doc.nodes);
        expect(linksIn(back)).toEqual(linksIn(doc));
        expect(back.view?.nodes).toEqual(doc.view?.nodes);
        expect(back.subgraphs).toEqual(doc.subgraphs);
      }),
    );
  });

  test("one source is one input, and named inputs and outputs go through", () => {
    const doc = {
      format: "graphengine.workflow",
      version: 1,
      inputs: { prompt: { to: ["b.text", "d.text"] } },
      outputs: { picture: { from: "c.out" } },
      nodes: {
        a: { type: "x.a" },
        b: { type: "x.b", inputs: { one: { $link: "a.out" }, two: { $link: "a.out" } } },
        c: { type: "x.c", inputs: { in: { $link: "b.out" }, more: { $link: "a.out" } } },
        d: { type: "x.d", inputs: { in: { $link: "c.out" } } },
      },
    } as Workflow;
    const made = produce(doc, (draft) => void makeSubgraph(draft, draft, new Set(["b", "c"]), "Part"));
    expect(made.subgraphs?.Part?.inputs).toEqual({
      one: { to: ["b.one", "b.two", "c.more"] },
      prompt: { to: ["b.text"] },
    });
    expect(made.subgraphs?.Part?.outputs).toEqual({ out: { from: "c.out" } });
    expect(made.nodes?.Part?.inputs).toEqual({ one: { $link: "a.out" } });
    expect(made.inputs).toEqual({ prompt: { to: ["Part.prompt", "d.text"] } });
    expect(made.outputs).toEqual({ picture: { from: "Part.out" } });
    expect(made.nodes?.d?.inputs).toEqual({ in: { $link: "Part.out" } });
    const back = produce(made, (draft) => void unpackSubgraph(draft, draft, "Part"));
    expect(back.nodes).toEqual(doc.nodes);
    expect([back.inputs, back.outputs, back.subgraphs]).toEqual([doc.inputs, doc.outputs, undefined]);
  });

  test("what would feed itself through another is told so", () => {
    const doc = {
      nodes: {
        a: { type: "x" },
        b: { type: "x", inputs: { in: { $link: "a.out" } } },
        c: { type: "x", inputs: { in: { $link: "b.out" } } },
      },
    } as unknown as Workflow;
    expect(detour(doc, new Set(["a", "c"]))).toBe("b");
    expect(detour(doc, new Set(["a", "b"]))).toBeNull();
    expect(whyNotUnpacked(doc, doc.nodes?.a)).toBe("none");
  });
});

test("an interface is renamed, sorted and cut, wherever it is used", () => {
  const doc = {
    format: "graphengine.workflow",
    version: 1,
    outputs: { all: { from: "p.out" } },
    nodes: {
      a: { type: "x" },
      p: {
        type: "subgraph:S",
        inputs: { one: { $link: "a.out" }, two: 2 },
        loop: { while: "out", carry: { one: "out" } },
      },
      d: { type: "x", inputs: { in: { $link: "p.out" } } },
    },
    subgraphs: {
      S: {
        nodes: { i: { type: "x" } },
        inputs: { one: { to: ["i.one"] }, two: { to: ["i.two"] } },
        outputs: { out: { from: "i.out" } },
      },
    },
  } as Workflow;
  const inside = (how: (draft: Workflow, part: NonNullable<Workflow["subgraphs"]>[string]) => void) =>
    produce(doc, (draft) => {
      const part = draft.subgraphs?.S;
      if (part) how(draft as Workflow, part);
    });
  const input = inside((draft, part) => renameEntry(draft, part, "S", "inputs", "one", "first"));
  expect(Object.keys(input.subgraphs?.S?.inputs ?? {})).toEqual(["first", "two"]);
  expect(input.nodes?.p?.inputs).toEqual({ first: { $link: "a.out" }, two: 2 });
  expect(input.nodes?.p?.loop?.carry).toEqual({ first: "out" });
  const output = inside((draft, part) => renameEntry(draft, part, "S", "outputs", "out", "result"));
  expect(output.nodes?.d?.inputs).toEqual({ in: { $link: "p.result" } });
  expect(output.outputs).toEqual({ all: { from: "p.result" } });
  expect(output.nodes?.p?.loop).toEqual({ while: "result", carry: { one: "result" } });
  expect(inside((draft, part) => renameEntry(draft, part, "S", "inputs", "one", "two"))).toBe(doc);
  const turned = inside((_, part) => sortEntry(part, "inputs", "two", 0));
  expect(Object.keys(turned.subgraphs?.S?.inputs ?? {})).toEqual(["two", "one"]);
  const cut = inside((draft, part) => {
    hide(draft, part, "S", "inputs", "two");
    hide(draft, part, "S", "outputs", "out");
  });
  expect(cut.nodes?.p?.inputs).toEqual({ one: { $link: "a.out" } });
  expect([cut.nodes?.d?.inputs, cut.outputs]).toEqual([{}, {}]);
  const more = inside((_, part) => void expose(part, "inputs", { node: "i", name: "one" }));
  expect(more.subgraphs?.S?.inputs?.one_2).toEqual({ to: ["i.one"] });
});

test("a subgraph holds itself, and what is in it", () => {
  const inside = (type: string) => ({ nodes: { n: { type } } });
  const doc = {
    subgraphs: { A: inside("subgraph:B"), B: inside("subgraph:C"), C: inside("x") },
  } as unknown as Workflow;
  expect([holds(doc, "A", "C"), holds(doc, "A", "A"), holds(doc, "C", "A")]).toEqual([true, true, false]);
});
