/** Sockets for a node whose type nobody knows: what the document says of it, so that nothing of it is lost. */
import type { Sockets } from "~/catalog/catalog";
import { linksOf, type Node, type Part } from "~/doc/model";
import { t } from "~/i18n/language";

type Outputs = ReadonlyMap<string, ReadonlySet<string>>;

const known = new WeakMap<object, Outputs>();

export function strangerOf(part: Part, name: string, node: Node): Sockets {
  const outputs = outputsOf(part).get(name) ?? [];
  return {
    id: node.type,
    title: node.type,
    summary: t("stranger.summary"),
    help: `${t("stranger.summary")} ${t("stranger.help")}`,
    category: "",
    sink: false,
    inputs: Object.keys(node.inputs ?? {}).map((key) => ({ name: key, type: "Any", required: false, schema: {} })),
    outputs: [...outputs].map((key) => ({ name: key, type: "Any" })),
    passage: {},
  };
}

/** By node, the outputs that something is taken from; once for a document, however many strangers are in it. */
function outputsOf({ nodes = {} }: Part): Outputs {
  let found = known.get(nodes);
  if (!found) {
    const outputs = new Map<string, Set<string>>();
    for (const { source } of linksOf({ nodes } as Part)) {
      const names = outputs.get(source.node);
      if (names) names.add(source.name);
      else outputs.set(source.node, new Set([source.name]));
    }
    found = outputs;
    known.set(nodes, found);
  }
  return found;
}
