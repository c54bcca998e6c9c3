/** Copying: a piece of a workflow is a small workflow, as plain JSON; it goes through chats and mails as it is. */
import type { Draft } from "immer";
import { parseJson, writeJson } from "~/api/json";
import { addNode, nodesOf, type PartDraft } from "./edit";
import { addFrames, framesWithin } from "./frames";
import {
  linkTo,
  type Node,
  type Part,
  type Point,
  positionOf,
  SUBGRAPH,
  type Subgraph,
  sourceOf,
  subgraphIn,
  type Workflow,
} from "./model";

const FORMAT = "graphengine.clip";

export interface Clip {
  format: typeof FORMAT;
  version: 1;
  nodes: Record<string, Node>;
  subgraphs: Record<string, Subgraph>;
  places: Record<string, Record<string, unknown>>;
  /** Those that are wholly among the nodes. */
  frames?: Record<string, unknown>[];
}

/** Copies nodes with the subgraphs they need; links from others stay in, and pasting decides about them. */
export function copy(doc: Workflow, part: Part, names: Iterable<string>): Clip {
  const clip: Clip = { format: FORMAT, version: 1, nodes: {}, subgraphs: {}, places: {} };
  for (const name of names) {
    const node = part.nodes?.[name];
    if (!node) continue;
    clip.nodes[name] = node;
    clip.places[name] = { ...part.view?.nodes?.[name], ...positionOf(part, name) };
    takeSubgraphs(doc, node, clip.subgraphs);
  }
  const frames = framesWithin(part, new Set(Object.keys(clip.nodes)));
  if (frames.length > 0) clip.frames = frames;
  return clip;
}

/** Takes the subgraph that a node stands for, with those inside it. */
export function takeSubgraphs(doc: Workflow, node: Node, into: Record<string, Subgraph>): void {
  const name = subgraphIn(node.type);
  if (name === null) return;
  const subgraph = doc.subgraphs?.[name];
  if (!subgraph || Object.hasOwn(into, name)) return;
  into[name] = subgraph;
  for (const inner of Object.values(subgraph.nodes ?? {})) takeSubgraphs(doc, inner, into);
}

export function clipText(clip: Clip): string {
  return writeJson(clip, 2);
}

/** Reads what {@link clipText} wrote, or a whole workflow; null where the text is neither. */
export function readClip(text: string): Clip | null {
  let data: unknown;
  try {
    data = parseJson(text);
  } catch {
    return null;
  }
  if (data === null || typeof data !== "object" || !("format" in data)) return null;
  if (data.format === "graphengine.workflow") {
    const doc = data as Workflow;
    return copy(doc, doc, Object.keys(doc.nodes ?? {}));
  }
  const clip = data as Partial<Clip>;
  if (clip.format !== FORMAT || typeof clip.nodes !== "object") return null;
  const frames = Array.isArray(clip.frames) ? { frames: clip.frames } : {};
  const { nodes, subgraphs = {}, places = {} } = clip;
  return { format: FORMAT, version: 1, nodes, subgraphs, places, ...frames };
}

export interface Pasting {
  /** Where the middle of the pasted nodes comes to lie. */
  at: Point;
  /** Whether links from nodes that were not copied are kept, where such nodes are here. */
  withIncoming: boolean;
}

/** Pastes a clip and returns the names of the new nodes, by what they were called. */
export function paste(doc: Draft<Workflow>, part: PartDraft, clip: Clip, how: Pasting): Map<string, string> {
  const types = pasteSubgraphs(doc, clip);
  const middle = middleOf(clip);
  const names = new Map<string, string>();
  for (const [name, node] of Object.entries(clip.nodes)) {
    const place = clip.places[name] ?? {};
    const at = { x: number(place.x) - middle.x + how.at.x, y: number(place.y) - middle.y + how.at.y };
    const copied = { ...structuredClone(node), type: types.get(node.type) ?? node.type };
    const added = addNode(part, copied, at, name);
    const { x, y, ...looks } = place;
    Object.assign(part.view?.nodes?.[added] ?? {}, looks);
    names.set(name, added);
  }
  for (const added of names.values()) relink(part, added, names, how.withIncoming);
  addFrames(part, structuredClone(clip.frames ?? []), names);
  return names;
}

function relink(part: PartDraft, name: string, names: ReadonlyMap<string, string>, withIncoming: boolean): void {
  const inputs = nodesOf(part)[name]?.inputs ?? {};
  for (const [key, value] of Object.entries(inputs)) {
    const source = sourceOf(value);
    if (!source) continue;
    const inside = names.get(source.node);
    if (inside !== undefined) inputs[key] = linkTo({ ...source, node: inside });
    else if (!withIncoming || !Object.hasOwn(nodesOf(part), source.node)) delete inputs[key];
  }
}

/** Adds the subgraphs of a clip; one whose name is taken by another gets a name of its own. */
function pasteSubgraphs(doc: Draft<Workflow>, clip: Clip): Map<string, string> {
  const types = new Map<string, string>();
  for (const [name, subgraph] of Object.entries(clip.subgraphs)) {
    doc.subgraphs ??= {};
    let free = name;
    for (let number = 2; isOther(doc.subgraphs[free], subgraph); number++) free = `${name.slice(0, 58)}_${number}`;
    doc.subgraphs[free] ??= structuredClone(subgraph);
    types.set(SUBGRAPH + name, SUBGRAPH + free);
  }
  return types;
}

function isOther(known: Draft<Subgraph> | undefined, subgraph: Subgraph): boolean {
  return known !== undefined && writeJson(known) !== writeJson(subgraph);
}

function middleOf(clip: Clip): Point {
  const places = Object.keys(clip.nodes).map((name) => clip.places[name] ?? {});
  if (places.length === 0) return { x: 0, y: 0 };
  const xs = places.map((place) => number(place.x));
  const ys = places.map((place) => number(place.y));
  return { x: (Math.min(...xs) + Math.max(...xs)) / 2, y: (Math.min(...ys) + Math.max(...ys)) / 2 };
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
