/** Names in the place of wires, subgraphs of the library, frames that are copied, and what comes next. */
import { produce } from "immer";
import { expect, test } from "vitest";
import { Catalog } from "~/catalog/catalog";
import { SocketFinder } from "~/catalog/sockets";
import { habitsOf, suggestionsFor } from "~/commands/next";
import { copy, paste, readClip } from "~/doc/clipboard";
import { removeNodes, renameNode } from "~/doc/edit";
import type { Workflow } from "~/doc/model";
import { namedOutputs, namesOf, setName, tagsOf } from "~/doc/named";
import { adopt, mainOf, originOf, publication, upgrade } from "~/doc/published";

const plain = {
  format: "graphengine.workflow",
  version: 1,
  nodes: {
    a: { type: "x.a" },
    b: { type: "x.b", inputs: { in: { $link: "a.out" } } },
    c: { type: "x.b", inputs: { in: { $link: "a.out" }, other: { $link: "b.out" } } },
  },
  view: { nodes: { a: { x: 1, y: 2 } } },
} as unknown as Workflow;

const named = produce(plain, (draft) => setName(draft, { node: "a", name: "out" }, "  Model "));

test("a name makes tags of links, and the links stay links", () => {
  expect(named.nodes).toBe(plain.nodes);
  expect(named.view?.nodes?.a).toEqual({ x: 1, y: 2, names: { out: "Model" } });
  expect(tagsOf(named).map(({ name, target }) => [name, target.node])).toEqual([
    ["Model", "b"],
    ["Model", "c"],
  ]);
  expect(tagsOf(plain)).toEqual([]);
});

test("names are one each, go with their node, and can be taken away", () => {
  const twice = produce(named, (draft) => setName(draft, { node: "b", name: "out" }, "Model"));
  expect(namedOutputs(twice).map(({ name }) => name)).toEqual(["Model", "Model 2"]);
  const same = produce(twice, (draft) => setName(draft, { node: "b", name: "out" }, "Model 2"));
  expect(same).toEqual(twice);
  const renamed = produce(named, (draft) => renameNode(draft, "a", "z"));
  expect([...namesOf(renamed)]).toEqual([["z.out", "Model"]]);
  const gone = produce(named, (draft) => removeNodes(draft, new Set(["a"])));
  expect(namesOf(gone).size).toBe(0);
  expect(produce(named, (draft) => setName(draft, { node: "a", name: "out" }, ""))).toEqual(plain);
});

test("frames are copied with their nodes, those within them too, and get names of their own", () => {
  const framed = produce(plain, (draft) => {
    draft.view ??= {};
    draft.view.frames = [
      { id: "outer", title: "Outer", nodes: ["a"], colour: "#111111", "x-own": 1 },
      { id: "inner", title: "Inner", nodes: ["b"], parent: "outer" },
      { id: "other", title: "Other", nodes: ["c"] },
    ];
  });
  const clip = readClip(JSON.stringify(copy(framed, framed, ["a", "b"])));
  const pasted = produce(framed, (draft) => {
    if (clip) paste(draft, draft, clip, { at: { x: 0, y: 0 }, withIncoming: false });
  });
  expect(pasted.view?.frames?.slice(3)).toEqual([
    { id: "outer_2", title: "Outer", nodes: ["a_2"], colour: "#111111", "x-own": 1 },
    { id: "inner_2", title: "Inner", nodes: ["b_2"], parent: "outer_2" },
  ]);
  expect(copy(framed, framed, ["b"]).frames).toEqual([{ id: "inner", title: "Inner", nodes: ["b"] }]);
  expect(copy(framed, framed, ["a"]).frames).toBeUndefined(); // a part of a frame is no frame
});

const nested = {
  ...plain,
  nodes: { s: { type: "subgraph:S" } },
  subgraphs: {
    S: { title: "Own words", nodes: { i: { type: "subgraph:I" }, k: { type: "x.a" } } },
    I: { nodes: { j: { type: "x.b" } } },
    unused: { nodes: {} },
  },
} as unknown as Workflow;

test("a subgraph is published with those inside it, and put into another document once", () => {
  const published = publication(nested, "S");
  if (!published) throw new Error("nothing was published");
  expect(Object.keys(published.subgraphs ?? {})).toEqual(["S", "I"]);
  expect(mainOf(published)).toBe("S");
  expect(mainOf(plain)).toBeNull();
  const origin = { name: "subgraphs/Own words", version: 3 };
  const types: string[] = [];
  const used = produce(plain, (draft) => {
    draft.subgraphs = { S: { nodes: { mine: { type: "x.a" } } }, I: { nodes: { j: { type: "x.b" } } } };
    types.push(adopt(draft, published, origin), adopt(draft, published, origin));
  });
  expect(types).toEqual(["subgraph:S_2", "subgraph:S_2"]);
  expect(Object.keys(used.subgraphs ?? {})).toEqual(["S", "I", "S_2"]); // what is inside was here already
  expect(used.subgraphs?.S_2?.nodes).toEqual(nested.subgraphs?.S?.nodes);
  expect(originOf(used.subgraphs?.S_2)).toEqual(origin);
  const again = publication(used, "S_2");
  expect(originOf(again?.subgraphs?.S_2)).toBeNull(); // the library says it
});

test("a newer version takes the place of the older, and what is inside has a place beside", () => {
  const origin = { name: "subgraphs/Own words", version: 2 };
  const newer = produce(nested, (draft) => {
    if (draft.subgraphs?.I) draft.subgraphs.I.nodes = { j: { type: "x.c" } };
  });
  const published = publication(newer, "S");
  if (!published) throw new Error("nothing was published");
  const now = produce(nested, (draft) => upgrade(draft, "S", published, origin));
  expect(now.nodes).toBe(nested.nodes);
  expect(now.subgraphs?.S?.nodes?.i?.type).toBe("subgraph:I_2");
  expect(now.subgraphs?.I_2?.nodes).toEqual({ j: { type: "x.c" } });
  expect(now.subgraphs?.I).toBe(nested.subgraphs?.I);
  expect(originOf(now.subgraphs?.S)).toEqual(origin);
});

const socket = (name: string, type: string, required = true) => ({ name, type, required, schema: {} });
const type = (id: string, inputs: object[], outputs: [string, string][]) => ({
  id,
  title: id,
  inputs,
  outputs: outputs.map(([name, each]) => ({ name, type: each })),
  sink: false,
  passage: {},
});
const finder = new SocketFinder(
  new Catalog({
    nodes: [
      type(
        "x.a",
        [],
        [
          ["out", "Model"],
          ["vae", "Vae"],
        ],
      ),
      type("x.b", [socket("in", "Model")], [["out", "Latent"]]),
      type("x.c", [socket("in", "Model", false)], []),
      type("x.d", [socket("vae", "Vae")], []),
    ],
    types: [],
    conversions: [],
    fits: ["Model", "Vae", "Latent"].map((each) => ({ source: each, target: each, each: false, converts: false })),
    faults: [],
  } as unknown as ConstructorParameters<typeof Catalog>[0]),
);

test("what comes next takes an output that nothing takes, and what others did counts", () => {
  const next = (doc: Workflow, name: string, habits = habitsOf(finder, [])) =>
    suggestionsFor(finder, doc, doc, name, habits, 9).map(({ node, output }) => `${output} ${node.id}`);
  expect(next(plain, "a")).toEqual(["vae x.d", "out x.b", "out x.c"]);
  const alone = { ...plain, nodes: { a: { type: "x.a" } } } as Workflow;
  expect(next(alone, "a")).toEqual(["out x.b", "vae x.d", "out x.c"]);
  const usual = { ...plain, nodes: { ...alone.nodes, z: { type: "x.c", inputs: { in: { $link: "a.out" } } } } };
  expect(next(alone, "a", habitsOf(finder, [usual as Workflow]))[0]).toBe("out x.c");
  const other = { ...alone, nodes: { a: { type: "subgraph:S" } } } as Workflow;
  const inside = { ...other, subgraphs: { S: { nodes: { m: { type: "x.a" } }, outputs: { o: { from: "m.out" } } } } };
  expect(next(inside as Workflow, "a", habitsOf(finder, [usual as Workflow]))).toEqual(["o x.b", "o x.c"]);
  const often = { ...usual, nodes: { ...usual.nodes } } as unknown as { nodes: Record<string, object> };
  for (let at = 0; at < 5; at++) often.nodes[`y${at}`] = { type: "x.c", inputs: { in: { $link: "a.out" } } };
  expect(next(inside as Workflow, "a", habitsOf(finder, [often as unknown as Workflow]))[0]).toBe("o x.c");
  expect(next(plain, "nobody")).toEqual([]);
});
