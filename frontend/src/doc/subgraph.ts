/** Subgraphs: some nodes become one that stands for them, and the other way round. Links, values and views stay. */
import type { Draft } from "immer";
import { addNode, nodesOf, type PartDraft, removeNodes, setValue } from "./edit";
import { addFrames, framesWithin } from "./frames";
import {
  type Address,
  addressOf,
  linksOf,
  linkTo,
  type Node,
  type Part,
  type Point,
  positionOf,
  SUBGRAPH,
  type Subgraph,
  sourceOf,
  subgraphIn,
  type View,
  type Workflow,
  type WorkflowInput,
  type WorkflowOutput,
  written,
} from "./model";
import { freeName, freeSocket } from "./names";

/**
 * A node outside of some that lies on a way from them back to them, or null: made one, they would feed themselves
 * through it.
 */
export function detour(part: Part, names: ReadonlySet<string>): string | null {
  const takers = new Map<string, string[]>();
  for (const { source, target } of linksOf(part))
    takers.set(source.node, [...(takers.get(source.node) ?? []), target.node]);
  const begins = [...names].flatMap((name) => takers.get(name) ?? []).filter((name) => !names.has(name));
  const seen = new Set(begins);
  const open = [...seen];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const taker of takers.get(node) ?? []) {
      if (names.has(taker)) return node;
      if (!seen.has(taker)) open.push(taker);
      seen.add(taker);
    }
  }
  return null;
}

/** What flows over the border of some nodes. */
class Border {
  readonly inputs: Record<string, { to: [string, ...string[]] }> = {};
  readonly outputs: Record<string, { from: string }> = {};
  /** What the new node is given, by its input. */
  readonly given: Record<string, unknown> = {};
  private readonly bySource = new Map<string, string>();
  private readonly byOutput = new Map<string, string>();

  /** What comes from one source is one input, however many take it. */
  enter(source: Address, target: Address): void {
    const key = written(source);
    const known = this.inputs[this.bySource.get(key) ?? ""];
    if (known) known.to.push(written(target));
    else {
      const name = this.input(target.name, [target]);
      this.bySource.set(key, name);
      this.given[name] = linkTo(source);
    }
  }

  input(wish: string, to: readonly Address[]): string {
    const name = freeSocket(wish, (each) => Object.hasOwn(this.inputs, each));
    this.inputs[name] = { to: to.map(written) as [string, ...string[]] };
    return name;
  }

  leave(source: Address): string {
    const key = written(source);
    const known = this.byOutput.get(key);
    if (known !== undefined) return known;
    const name = freeSocket(source.name, (each) => Object.hasOwn(this.outputs, each));
    this.outputs[name] = { from: key };
    this.byOutput.set(key, name);
    return name;
  }
}

/** Makes a subgraph of some nodes, and returns the name of the node that stands for it. */
export function makeSubgraph(doc: Draft<Workflow>, part: PartDraft, names: ReadonlySet<string>, title: string): string {
  const nodes = nodesOf(part);
  const chosen = Object.entries(nodes).filter(([name]) => names.has(name));
  const border = new Border();
  const inner: Record<string, Node> = {};
  for (const [name, node] of chosen) {
    const copied = cloned(node);
    for (const [key, value] of Object.entries(copied.inputs ?? {})) {
      const source = sourceOf(value);
      if (!source || names.has(source.node) || !copied.inputs) continue;
      border.enter(source, { node: name, name: key });
      delete copied.inputs[key];
    }
    inner[name] = copied;
  }
  const name = freeName(title, (each) => Object.hasOwn(nodes, each));
  const entered = interfaceInputs(part, names, border, name);
  const led = (source: Address): Address => ({ node: name, name: border.leave(source) });
  const taken = takersOf(part, names).map(({ target, source }) => ({ target, source: led(source) }));
  const shown = Object.entries(part.outputs ?? {})
    .filter(([, output]) => names.has(addressOf(output.from).node))
    .map(([key, output]) => [key, written(led(addressOf(output.from)))] as const);

  const subgraph: Subgraph = { title, nodes: inner, view: viewOf(part, names) };
  if (Object.keys(border.inputs).length > 0) subgraph.inputs = border.inputs;
  if (Object.keys(border.outputs).length > 0) subgraph.outputs = border.outputs;
  doc.subgraphs ??= {};
  const known = doc.subgraphs;
  const type = freeName(title, (each) => Object.hasOwn(known, each));
  known[type] = subgraph as Draft<Subgraph>;

  const at = cornerOf(part, names);
  const kept = { inputs: cloned(part.inputs), outputs: cloned(part.outputs) };
  removeNodes(part, names);
  restore(part, kept, entered, shown);
  addNode(part, { type: SUBGRAPH + type, inputs: border.given }, at, name);
  for (const { target, source } of taken) setValue(part, target, linkTo(source));
  return name;
}

/** Named inputs of the part around go on through inputs of the new node. */
function interfaceInputs(
  part: PartDraft,
  names: ReadonlySet<string>,
  border: Border,
  name: string,
): Map<string, string[]> {
  const entered = new Map<string, string[]>();
  for (const [key, input] of Object.entries(part.inputs ?? {})) {
    const inside = input.to.map(addressOf).filter(({ node }) => names.has(node));
    if (inside.length === 0) continue;
    const through = written({ node: name, name: border.input(key, inside) });
    entered.set(key, [through, ...input.to.filter((address) => !names.has(addressOf(address).node))]);
  }
  return entered;
}

interface Sides {
  inputs: Part["inputs"] | undefined;
  outputs: Part["outputs"] | undefined;
}

/** Removing nodes took their named inputs and outputs along: those that go through the new node come back in place. */
function restore(
  part: PartDraft,
  kept: Sides,
  entered: ReadonlyMap<string, string[]>,
  shown: readonly (readonly [string, string])[],
): void {
  if (kept.inputs)
    part.inputs = Object.fromEntries(
      Object.entries(kept.inputs).map(([key, input]) => {
        const to = entered.get(key);
        return [key, (to ? { ...input, to } : input) as WorkflowInput];
      }),
    );
  const outputs = new Map(shown);
  if (kept.outputs)
    part.outputs = Object.fromEntries(
      Object.entries(kept.outputs).map(([key, output]): [string, WorkflowOutput] => {
        return [key, { ...output, from: outputs.get(key) ?? output.from }];
      }),
    );
}

/** The links that lead out of some nodes. */
function takersOf(part: PartDraft, names: ReadonlySet<string>) {
  return [...linksOf(part as Part)].filter(({ source, target }) => names.has(source.node) && !names.has(target.node));
}

function viewOf(part: PartDraft, names: ReadonlySet<string>): View {
  const places = Object.entries(part.view?.nodes ?? {}).filter(([name]) => names.has(name));
  const view: View = { nodes: cloned(Object.fromEntries(places)) };
  const frames = framesWithin(part, names);
  if (frames.length > 0) view.frames = cloned(frames);
  return view;
}

function cornerOf(part: PartDraft, names: ReadonlySet<string>): Point {
  const places = [...names].map((name) => positionOf(part as Part, name));
  const middle = (values: readonly number[]) => Math.round((Math.min(...values) + Math.max(...values)) / 2);
  return places.length === 0
    ? { x: 0, y: 0 }
    : { x: middle(places.map(({ x }) => x)), y: middle(places.map(({ y }) => y)) };
}

/** It stands for no subgraph, or for one that is missing; is repeated; or is bypassed or muted. */
export type Obstacle = "none" | "missing" | "repeated" | "off";

/** Why a node cannot be replaced by what is in it, or null where it can. */
export function whyNotUnpacked(doc: Workflow, node: Node | undefined): Obstacle | null {
  const subgraph = subgraphIn(node?.type);
  if (!node || subgraph === null) return "none";
  if (!doc.subgraphs?.[subgraph]) return "missing";
  if (node.map || node.loop) return "repeated";
  return (node.mode ?? "run") === "run" ? null : "off";
}

/** Replaces a node by the nodes of its subgraph, and returns their names. The subgraph goes with its last node. */
export function unpackSubgraph(doc: Draft<Workflow>, part: PartDraft, name: string): string[] {
  const outer = nodesOf(part)[name];
  const type = (outer?.type ?? "").slice(SUBGRAPH.length);
  const subgraph = doc.subgraphs?.[type];
  if (!outer || !subgraph) return [];
  const inner = cloned(subgraph);
  const given = cloned(outer.inputs ?? {});
  const names = placeInner(part, inner, shiftOf(part, name, inner));
  const moved = (address: Address): Address => ({ ...address, node: names.get(address.node) ?? address.node });
  const entries = Object.entries(inner.inputs ?? {}).map(
    ([key, { to }]) => [key, to.map((each) => moved(addressOf(each)))] as const,
  );
  for (const [key, to] of entries) {
    if (Object.hasOwn(given, key)) for (const address of to) setValue(part, address, cloned(given[key]));
  }
  const outputs = new Map(Object.entries(inner.outputs ?? {}).map(([key, { from }]) => [key, moved(addressOf(from))]));
  leadPast(part, name, new Map(entries), outputs);
  addFrames(part, inner.view?.frames ?? [], names);
  delete nodesOf(part)[name];
  delete part.view?.nodes?.[name];
  dropUnused(doc, type);
  return [...names.values()];
}

/** Puts the nodes of a subgraph into a part; returns their new names by their old ones. */
function placeInner(part: PartDraft, inner: Subgraph, move: Point): Map<string, string> {
  const names = new Map<string, string>();
  for (const [each, node] of Object.entries(inner.nodes ?? {})) {
    const { x, y } = positionOf(inner, each);
    const added = addNode(part, node, { x: x + move.x, y: y + move.y }, each);
    const { x: _, y: __, ...looks } = inner.view?.nodes?.[each] ?? {};
    Object.assign(part.view?.nodes?.[added] ?? {}, looks);
    names.set(each, added);
  }
  for (const added of names.values()) {
    const inputs = nodesOf(part)[added]?.inputs ?? {};
    for (const [key, value] of Object.entries(inputs)) {
      const source = sourceOf(value);
      if (source) inputs[key] = linkTo({ ...source, node: names.get(source.node) ?? source.node });
    }
  }
  return names;
}

/** Leads what led to a node to the sockets inside that stand behind its own. */
function leadPast(
  part: PartDraft,
  name: string,
  inputs: ReadonlyMap<string, readonly Address[]>,
  outputs: ReadonlyMap<string, Address>,
): void {
  for (const { target, source } of takersOf(part, new Set([name]))) {
    const inside = outputs.get(source.name);
    setValue(part, target, inside ? linkTo(inside) : undefined);
  }
  for (const input of Object.values(part.inputs ?? {})) {
    const to = input.to.flatMap((each) => {
      const address = addressOf(each);
      return address.node === name ? (inputs.get(address.name) ?? []).map(written) : [each];
    });
    input.to = to as typeof input.to;
  }
  for (const [key, output] of Object.entries(part.outputs ?? {})) {
    const from = addressOf(output.from);
    if (from.node !== name) continue;
    const inside = outputs.get(from.name);
    if (inside) output.from = written(inside);
    else delete part.outputs?.[key];
  }
  for (const [key, input] of Object.entries(part.inputs ?? {})) if (input.to.length === 0) delete part.inputs?.[key];
}

function shiftOf(part: PartDraft, name: string, inner: Subgraph): Point {
  const inside = new Set(Object.keys(inner.nodes ?? {}));
  const [at, middle] = [positionOf(part as Part, name), cornerOf(inner as PartDraft, inside)];
  return { x: at.x - middle.x, y: at.y - middle.y };
}

/** Forgets a subgraph that no node stands for any more. */
function dropUnused(doc: Draft<Workflow>, type: string): void {
  const parts = [doc, ...Object.values(doc.subgraphs ?? {})];
  const isUsed = parts.some((part) => Object.values(part.nodes ?? {}).some((node) => node.type === SUBGRAPH + type));
  if (!isUsed) delete doc.subgraphs?.[type];
  if (Object.keys(doc.subgraphs ?? {}).length === 0) delete doc.subgraphs;
}

/** A copy of plain data, drafts included. */
function cloned<T>(value: T): T {
  if (Array.isArray(value)) return value.map(cloned) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, cloned(each)])) as T;
}

/** Whether a subgraph is another, or has it somewhere inside. */
export function holds(doc: Workflow, name: string, other: string): boolean {
  const seen = new Set([name]);
  const open = [name];
  for (let here = open.pop(); here !== undefined; here = open.pop()) {
    if (here === other) return true;
    for (const { type } of Object.values(doc.subgraphs?.[here]?.nodes ?? {})) {
      const inner = subgraphIn(type);
      if (inner !== null && !seen.has(inner)) open.push(inner);
      if (inner !== null) seen.add(inner);
    }
  }
  return false;
}
