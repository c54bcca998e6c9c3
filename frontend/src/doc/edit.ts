/** Changes to a part of the document. Each works on a draft, and leaves alone whatever it does not know. */
import type { Draft } from "immer";
import { leaveFrames, renameInFrames } from "./frames";
import {
  type Address,
  addressOf,
  type Link,
  linkTo,
  type Node,
  type Part,
  type Point,
  sourceOf,
  written,
} from "./model";
import { freeName } from "./names";

export type PartDraft = Draft<Part>;

export function nodesOf(part: PartDraft): Record<string, Draft<Node>> {
  part.nodes ??= {};
  return part.nodes;
}

function placesOf(part: PartDraft): Record<string, Record<string, unknown>> {
  part.view ??= {};
  part.view.nodes ??= {};
  return part.view.nodes;
}

/** Adds a node and returns its name. */
export function addNode(part: PartDraft, node: Node, at: Point, wish = node.type): string {
  const nodes = nodesOf(part);
  const name = freeName(wish, (each) => Object.hasOwn(nodes, each));
  nodes[name] = node as Draft<Node>;
  placesOf(part)[name] = { x: Math.round(at.x), y: Math.round(at.y) };
  return name;
}

export function moveNode(part: PartDraft, name: string, to: Point): void {
  const places = placesOf(part);
  places[name] = { ...places[name], x: Math.round(to.x), y: Math.round(to.y) };
}

/** Sets how a node looks; undefined forgets a setting. */
export function setLook(part: PartDraft, name: string, key: string, value: unknown): void {
  const places = placesOf(part);
  const { [key]: _, ...rest } = places[name] ?? {};
  places[name] = value === undefined ? rest : { ...places[name], [key]: value };
}

/** Sets a plain value; undefined leaves it to the default. */
export function setValue(part: PartDraft, address: Address, value: unknown): void {
  const node = nodesOf(part)[address.node];
  if (!node) return;
  node.inputs ??= {};
  if (value === undefined) delete node.inputs[address.name];
  else node.inputs[address.name] = value;
}

export function connect(part: PartDraft, link: Link): void {
  setValue(part, link.target, linkTo(link.source));
}

export function disconnect(part: PartDraft, target: Address): void {
  const node = nodesOf(part)[target.node];
  if (node?.inputs && sourceOf(node.inputs[target.name])) delete node.inputs[target.name];
}

export function setMode(part: PartDraft, names: Iterable<string>, mode: "run" | "bypass" | "mute"): void {
  for (const name of names) {
    const node = nodesOf(part)[name];
    if (!node) continue;
    if (mode === "run") delete node.mode;
    else node.mode = mode;
  }
}

export function setTitle(part: PartDraft, name: string, title: string): void {
  const node = nodesOf(part)[name];
  if (!node) return;
  if (title) node.title = title;
  else delete node.title;
}

/**
 * Removes nodes, with what leads to them: links, named inputs and outputs.
 *
 * `passage` says by output which input of a node stands for it: who took from a removed node takes from where that
 * input came, so that the chain stays whole.
 */
export function removeNodes(
  part: PartDraft,
  names: ReadonlySet<string>,
  passage: (node: string) => Readonly<Record<string, string>> | null = () => null,
): void {
  const nodes = nodesOf(part);
  const led = (source: Address): Address | null => {
    let here: Address | null = source;
    for (let turns = names.size + 1; here && names.has(here.node); turns--) {
      const entry: string | undefined = passage(here.node)?.[here.name];
      here = entry === undefined || turns === 0 ? null : sourceOf(nodes[here.node]?.inputs?.[entry]);
    }
    return here;
  };
  for (const [name, node] of Object.entries(nodes)) {
    if (names.has(name)) continue;
    for (const [key, value] of Object.entries(node.inputs ?? {})) {
      const source = sourceOf(value);
      if (!source || !names.has(source.node)) continue;
      const past = led(source);
      setValue(part, { node: name, name: key }, past ? linkTo(past) : undefined);
    }
  }
  forgetInterface(part, names, led);
  leaveFrames(part, names);
  for (const name of names) {
    delete nodes[name];
    delete placesOf(part)[name];
  }
}

function forgetInterface(part: PartDraft, names: ReadonlySet<string>, led: (source: Address) => Address | null): void {
  for (const [key, input] of Object.entries(part.inputs ?? {})) {
    const rest = input.to.filter((address) => !names.has(addressOf(address).node));
    if (rest.length === input.to.length) continue;
    if (rest.length === 0) delete part.inputs?.[key];
    else input.to = rest as typeof input.to;
  }
  for (const [key, output] of Object.entries(part.outputs ?? {})) {
    const source = addressOf(output.from);
    if (!names.has(source.node)) continue;
    const past = led(source);
    if (past) output.from = written(past);
    else delete part.outputs?.[key];
  }
}

/** Gives a node another name, where it stands, and leads everything to it that led to the old one. */
export function renameNode(part: PartDraft, old: string, name: string): void {
  if (old === name) return;
  const renamed = (text: string) => {
    const address = addressOf(text);
    return address.node === old ? written({ ...address, node: name }) : text;
  };
  for (const node of Object.values(nodesOf(part))) {
    for (const [key, value] of Object.entries(node.inputs ?? {})) {
      const source = sourceOf(value);
      if (source?.node === old && node.inputs) node.inputs[key] = linkTo({ ...source, node: name });
    }
  }
  for (const input of Object.values(part.inputs ?? {})) input.to = input.to.map(renamed) as typeof input.to;
  for (const output of Object.values(part.outputs ?? {})) output.from = renamed(output.from);
  renameInFrames(part, old, name);
  part.nodes = withKey(nodesOf(part), old, name);
  if (part.view?.nodes) part.view.nodes = withKey(part.view.nodes, old, name);
}

function withKey<T>(record: Record<string, T>, old: string, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name === old ? key : name, value]));
}

/** Puts a node into a link: what came from `link.source` goes through it. */
export function insertIntoLink(part: PartDraft, link: Link, node: string, input: string, output: string): void {
  connect(part, { source: link.source, target: { node, name: input } });
  connect(part, { source: { node, name: output }, target: link.target });
}
