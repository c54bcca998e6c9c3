/** The app view: what starring, ordering, naming and limiting do to a document. */
import { produce } from "immer";
import { expect, test } from "vitest";
import { fieldsOf, groupsOf, moveField, retitle, setFieldLook, setFieldValue, starOf, toggleStar } from "~/app/fields";
import { hashOf, nameIn } from "~/app/hash";
import { Catalog } from "~/catalog/catalog";
import { SocketFinder } from "~/catalog/sockets";
import type { Workflow } from "~/doc/model";

const socket = (name: string, schema: Record<string, unknown>) => ({
  name,
  type: "Int",
  required: false,
  schema,
  default: 1,
  widget: null,
});
const told = {
  nodes: [
    {
      id: "t.a",
      title: "A",
      inputs: [socket("steps", { type: "integer", minimum: 1, maximum: 1000 }), socket("seed", { type: "integer" })],
      outputs: [],
    },
  ],
  types: [],
  conversions: [],
  fits: [],
};
const finder = new SocketFinder(new Catalog(told as never));
const plain: Workflow = {
  format: "graphengine.workflow",
  version: 1,
  nodes: { one: { type: "t.a", inputs: { steps: 5 } }, two: { type: "t.a" } },
};
const starred = produce(plain, (doc) => {
  toggleStar(doc, { node: "one", name: "steps" });
  toggleStar(doc, { node: "two", name: "steps" });
  toggleStar(doc, { node: "two", name: "seed" }, "Luck");
});

test("a star makes a named input, and taking it away leaves nothing", () => {
  expect(Object.entries(starred.inputs ?? {})).toEqual([
    ["steps", { to: ["one.steps"] }],
    ["steps_2", { to: ["two.steps"] }],
    ["seed", { to: ["two.seed"], title: "Luck" }],
  ]);
  expect(starOf(starred, { node: "two", name: "steps" })).toBe("steps_2");
  const none = produce(starred, (doc) => {
    for (const name of ["steps", "seed"]) toggleStar(doc, { node: "two", name });
    toggleStar(doc, { node: "one", name: "steps" });
  });
  expect(none.inputs).toEqual({});
});

test("fields are moved, named, grouped and limited", () => {
  const doc = produce(starred, (draft) => {
    moveField(draft, "seed", "steps");
    retitle(draft, "steps", "Effort");
    setFieldLook(draft, "steps", { group: "More", low: 4, high: 40 });
    setFieldLook(draft, "seed", { group: "More" });
  });
  const fields = fieldsOf(doc, finder);
  expect(fields.map(({ name, title }) => [name, title])).toEqual([
    ["seed", "Luck"],
    ["steps", "Effort"],
    ["steps_2", "steps_2"],
  ]);
  expect(groupsOf(fields).map(({ title, fields: each }) => [title, each.length])).toEqual([
    ["More", 2],
    ["", 1],
  ]);
  expect(fields[1]?.input.schema).toMatchObject({ minimum: 4, maximum: 40 });
  const bare = produce(doc, (draft) =>
    setFieldLook(draft, "steps", { group: undefined, low: undefined, high: undefined }),
  );
  expect(bare.view?.["x-app"]).toEqual({ fields: { seed: { group: "More" } } });
});

test("a field writes all its sockets, and one that is plugged is none", () => {
  const both = produce(starred, (doc) => {
    if (doc.inputs?.steps) doc.inputs.steps.to = ["one.steps", "two.steps"];
  });
  const field = fieldsOf(both, finder)[0];
  const doc = produce(both, (draft) => field && setFieldValue(draft, field, 9));
  expect([doc.nodes?.one?.inputs?.steps, doc.nodes?.two?.inputs?.steps]).toEqual([9, 9]);
  const plugged = produce(starred, (draft) => {
    if (draft.nodes?.one) draft.nodes.one.inputs = { steps: { $link: "two.x" } };
  });
  expect(fieldsOf(plugged, finder).map(({ name }) => name)).toEqual(["steps_2", "seed"]);
});

test("an app has an address", () => {
  expect(nameIn(hashOf("a/b ä"))).toBe("a/b ä");
  expect([nameIn(hashOf(null)), nameIn("#/app/%E0%A4%A"), nameIn("#else")]).toEqual([null, null, null]);
});
