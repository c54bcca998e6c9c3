/** The sockets of any node of a document: those of its type, or of the subgraph that it stands for. */
import type { Catalog, Input, Output, Sockets } from "~/catalog/catalog";
import { addressOf, type Part, SUBGRAPH, type Subgraph, subgraphIn, type Workflow } from "~/doc/model";

const DEEPEST = 64;

/** Finds sockets; what it found of subgraphs it keeps as long as they do not change. */
export class SocketFinder {
  private readonly known = new WeakMap<Subgraph, { subgraphs: Workflow["subgraphs"]; sockets: Sockets }>();

  constructor(readonly catalog: Catalog) {}

  /** The sockets of a node type, or null where nobody knows it. */
  of(type: string, doc: Workflow, depth = 0): Sockets | null {
    const name = subgraphIn(type);
    if (name === null) return this.catalog.nodes.get(type) ?? null;
    const subgraph = doc.subgraphs?.[name];
    if (!subgraph || depth > DEEPEST) return null;
    const known = this.known.get(subgraph);
    if (known && known.subgraphs === doc.subgraphs) return known.sockets;
    const sockets = this.ofSubgraph(type, subgraph, doc, depth);
    this.known.set(subgraph, { subgraphs: doc.subgraphs, sockets });
    return sockets;
  }

  output(part: Part, node: string, name: string, doc: Workflow): Output | null {
    const found = part.nodes?.[node];
    const sockets = found ? this.of(found.type, doc) : null;
    return sockets?.outputs.find((each) => each.name === name) ?? null;
  }

  input(part: Part, node: string, name: string, doc: Workflow): Input | null {
    const found = part.nodes?.[node];
    const sockets = found ? this.of(found.type, doc) : null;
    return sockets?.inputs.find((each) => each.name === name) ?? null;
  }

  private ofSubgraph(type: string, subgraph: Subgraph, doc: Workflow, depth: number): Sockets {
    const inputs: Input[] = [];
    for (const [name, entry] of Object.entries(subgraph.inputs ?? {})) {
      const inner = this.inner(subgraph, entry.to[0], doc, depth);
      const found = inner?.sockets.inputs.find((each) => each.name === inner.name);
      if (!found) continue;
      const written = subgraph.nodes?.[inner?.node ?? ""]?.inputs?.[found.name];
      const holds = written === undefined ? {} : { required: false, default: written };
      inputs.push({ ...found, ...holds, name });
    }
    const outputs: Output[] = [];
    for (const [name, entry] of Object.entries(subgraph.outputs ?? {})) {
      const inner = this.inner(subgraph, entry.from, doc, depth);
      const found = inner?.sockets.outputs.find((each) => each.name === inner.name);
      if (found) outputs.push({ name, type: found.type });
    }
    const title = subgraph.title || type.slice(SUBGRAPH.length);
    const told = subgraph.description ?? "";
    const passage = passageOf(inputs, outputs);
    return { id: type, title, summary: told, help: told, category: "subgraph", sink: false, inputs, outputs, passage };
  }

  private inner(subgraph: Subgraph, address: string, doc: Workflow, depth: number) {
    const { node, name } = addressOf(address);
    const found = subgraph.nodes?.[node];
    const sockets = found ? this.of(found.type, doc, depth + 1) : null;
    return sockets ? { node, name, sockets } : null;
  }
}

/** As the service passes a bypassed node: the first input of a type stands for the first output of it. */
function passageOf(inputs: readonly Input[], outputs: readonly Output[]): Record<string, string> {
  const waiting = [...inputs];
  const passage: Record<string, string> = {};
  for (const output of outputs) {
    const at = waiting.findIndex((input) => input.type === output.type);
    if (at >= 0) passage[output.name] = waiting.splice(at, 1)[0]?.name ?? "";
  }
  return passage;
}
