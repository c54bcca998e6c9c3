/** The document: the workflow file itself. Everything here reads; what changes it is in `edit` and its neighbours. */
import type { Subgraph, Workflow } from "~/api/generated/workflow";

export type { Node, Subgraph, View, Workflow, WorkflowInput, WorkflowOutput } from "~/api/generated/workflow";

export const SUBGRAPH = "subgraph:";

/** The name of the subgraph that nodes of a type stand for, or null where they stand for none. */
export const subgraphIn = (type = ""): string | null =>
  type.startsWith(SUBGRAPH) ? type.slice(SUBGRAPH.length) : null;

/** What has nodes: the workflow, or a subgraph in it. */
export type Part = Workflow | Subgraph;

/** Which part is looked at: the nodes that were entered, from the outside in; empty is the workflow itself. */
export type Path = readonly string[];

export interface Address {
  node: string;
  name: string;
}

export interface Link {
  source: Address;
  target: Address;
}

export interface Point {
  x: number;
  y: number;
}

export function emptyWorkflow(title = ""): Workflow {
  return { format: "graphengine.workflow", version: 1, title, nodes: {}, view: { nodes: {} } };
}

export interface Place {
  part: Part;
  /** The name of the subgraph, or null for the workflow itself. */
  subgraph: string | null;
  /** The path as far as it leads somewhere. */
  path: Path;
}

export function placeOf(doc: Workflow, path: Path): Place {
  let here: Place = { part: doc, subgraph: null, path: [] };
  for (const name of path) {
    const subgraph = subgraphIn(here.part.nodes?.[name]?.type);
    const part = subgraph === null ? undefined : doc.subgraphs?.[subgraph];
    if (!part) break;
    here = { part, subgraph, path: [...here.path, name] };
  }
  return here;
}

export function addressOf(text: string): Address {
  const dot = text.indexOf(".");
  return dot < 0 ? { node: text, name: "" } : { node: text.slice(0, dot), name: text.slice(dot + 1) };
}

export function written(address: Address): string {
  return `${address.node}.${address.name}`;
}

/** The value of an input that takes what another node gives. */
export function linkTo(source: Address): { $link: string } {
  return { $link: written(source) };
}

/** Where a value comes from, or null where it is none of a link. */
export function sourceOf(value: unknown): Address | null {
  if (value === null || typeof value !== "object" || !("$link" in value)) return null;
  return typeof value.$link === "string" ? addressOf(value.$link) : null;
}

export function* linksOf(part: Part): Generator<Link> {
  for (const [node, each] of Object.entries(part.nodes ?? {})) {
    for (const [name, value] of Object.entries(each.inputs ?? {})) {
      const source = sourceOf(value);
      if (source) yield { source, target: { node, name } };
    }
  }
}

/** The nodes that take what an output gives. */
export function takersOf(part: Part, source: Address): string[] {
  const from = written(source);
  return [...linksOf(part)].filter((link) => written(link.source) === from).map(({ target }) => target.node);
}

export function linkId(target: Address): string {
  return written(target); // an input takes one link
}

export function positionOf(part: Part, node: string): Point {
  const place = part.view?.nodes?.[node];
  return { x: numberOr(place?.x, 0), y: numberOr(place?.y, 0) };
}

export function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

/** The nodes behind some, themselves included: those that something flows into. */
export function behind(part: Part, from: Iterable<string>): Set<string> {
  const takers = new Map<string, string[]>();
  for (const { source, target } of linksOf(part)) {
    const known = takers.get(source.node);
    if (known) known.push(target.node);
    else takers.set(source.node, [target.node]);
  }
  const found = new Set(from);
  const open = [...found];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const taker of takers.get(node) ?? []) {
      if (!found.has(taker)) {
        found.add(taker);
        open.push(taker);
      }
    }
  }
  return found;
}

/** Whether a link from one node to another would close a circle. */
export function wouldCycle(part: Part, source: string, target: string): boolean {
  return behind(part, [target]).has(source);
}
