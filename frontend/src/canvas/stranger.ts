/** Sockets for a node whose type nobody knows: what the document says of it, so that nothing of it is lost. */
import type { Sockets } from "~/catalog/catalog";
import { linksOf, type Node, type Part } from "~/doc/model";

export function strangerOf(part: Part, name: string, node: Node): Sockets {
  const outputs = new Set(
    [...linksOf(part)].filter(({ source }) => source.node === name).map(({ source }) => source.name),
  );
  return {
    id: node.type,
    title: node.type,
    summary: "This type of node is not installed.",
    help: "This type of node is not installed. The document keeps all of it.",
    category: "",
    sink: false,
    inputs: Object.keys(node.inputs ?? {}).map((key) => ({ name: key, type: "Any", required: false, schema: {} })),
    outputs: [...outputs].map((key) => ({ name: key, type: "Any" })),
    passage: {},
  };
}
