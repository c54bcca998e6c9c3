/** Random documents, as strange as files may be. */
import fc from "fast-check";
import type { Node, Workflow } from "~/doc/model";

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,6}$/).filter((each) => !(each in Object.prototype));
const big = fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }).map((each) => each | 1n); // no double is odd there
const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((each) => !Object.is(each, -0) && (!Number.isInteger(each) || Number.isSafeInteger(each))), // the others are bigints
  fc.boolean(),
  fc.constant(null),
  big,
);
const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(name, leaf, { maxKeys: 3 }));
const own = fc.dictionary(
  name.map((each) => `x-${each}`),
  value,
  { maxKeys: 2 },
);

export const documents: fc.Arbitrary<Workflow> = fc
  .record({
    names: fc.uniqueArray(name, { maxLength: 8 }),
    types: fc.array(fc.constantFrom("text.encode", "image.blur", "a.b", "subgraph:inner"), {
      minLength: 8,
      maxLength: 8,
    }),
    values: fc.array(fc.dictionary(name, value, { maxKeys: 3 }), { minLength: 8, maxLength: 8 }),
    links: fc.array(fc.tuple(fc.nat(7), fc.nat(7), name, name), { maxLength: 10 }),
    places: fc.array(fc.record({ x: fc.integer({ min: -999, max: 999 }), y: fc.integer({ min: -999, max: 999 }) }), {
      minLength: 8,
      maxLength: 8,
    }),
    extra: own,
  })
  .map(({ names, types, values, links, places, extra }) => {
    const nodes: Record<string, Node> = {};
    names.forEach((each, at) => {
      nodes[each] = { type: types[at] ?? "a.b", inputs: { ...values[at] }, ...(at % 3 === 0 ? extra : {}) };
    });
    for (const [from, to, output, input] of links) {
      const [source, target] = [names[from], names[to]];
      const inputs = target === undefined ? undefined : nodes[target]?.inputs;
      if (source !== undefined && inputs) inputs[input] = { $link: `${source}.${output}` };
    }
    const view = { nodes: Object.fromEntries(names.map((each, at) => [each, places[at] ?? {}])) };
    const inner = { title: "Inner", nodes: { one: { type: "image.blur", inputs: { radius: 2 } } } };
    return {
      format: "graphengine.workflow",
      version: 1,
      title: "t",
      nodes,
      subgraphs: { inner },
      view,
      ...extra,
    } as Workflow;
  });
