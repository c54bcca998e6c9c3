/** The named inputs and outputs of a part: the sockets of every node that stands for it, or of the workflow itself. */
import type { Draft } from "immer";
import { disconnect, nodesOf, type PartDraft } from "./edit";
import { type Address, addressOf, linkTo, type Part, SUBGRAPH, sourceOf, type Workflow, written } from "./model";
import { freeSocket } from "./names";

export type Side = "inputs" | "outputs";

/** Adds a named input that sets a socket inside, or a named output that shows one; returns its name. */
export function expose(part: PartDraft, side: Side, address: Address): string {
  part.inputs ??= {};
  part.outputs ??= {};
  const entries = part[side] ?? {};
  const name = freeSocket(address.name, (each) => Object.hasOwn(entries, each));
  if (side === "inputs") part.inputs[name] = { to: [written(address)] };
  else part.outputs[name] = { from: written(address) };
  if (Object.keys(part.inputs).length === 0) delete part.inputs;
  if (Object.keys(part.outputs).length === 0) delete part.outputs;
  return name;
}

/** Takes a named input or output away, and what is plugged into it where the part is used. */
export function hide(doc: Draft<Workflow>, part: PartDraft, subgraph: string | null, side: Side, name: string): void {
  const entries = part[side];
  if (entries) delete entries[name];
  if (entries && Object.keys(entries).length === 0) delete part[side];
  for (const [around, user] of usersOf(doc, subgraph)) {
    if (side === "inputs") cutInput(around, user, name);
    else cutOutput(around, user, name);
  }
}

function cutInput(around: PartDraft, user: string, name: string): void {
  const node = nodesOf(around)[user];
  delete node?.inputs?.[name];
  delete node?.loop?.carry?.[name];
  const address = written({ node: user, name });
  for (const [key, input] of Object.entries(around.inputs ?? {})) {
    input.to = input.to.filter((each) => each !== address) as typeof input.to;
    if (input.to.length === 0) delete around.inputs?.[key];
  }
}

function cutOutput(around: PartDraft, user: string, name: string): void {
  for (const target of takersOf(around, { node: user, name })) disconnect(around, target);
  const address = written({ node: user, name });
  for (const [key, output] of Object.entries(around.outputs ?? {}))
    if (output.from === address) delete around.outputs?.[key];
}

/** Moves a named input or output up or down among the others; their order is that of the sockets. */
export function sortEntry(part: PartDraft, side: Side, name: string, to: number): void {
  const entries = Object.entries(part[side] ?? {});
  const from = entries.findIndex(([key]) => key === name);
  const [moved] = entries.splice(from, from < 0 ? 0 : 1);
  if (!moved) return;
  entries.splice(Math.max(0, Math.min(to, entries.length)), 0, moved);
  part[side] = Object.fromEntries(entries) as never;
}

/** Gives a named input or output another name, here and wherever the part is used. */
export function renameEntry(
  doc: Draft<Workflow>,
  part: PartDraft,
  subgraph: string | null,
  side: Side,
  old: string,
  name: string,
): void {
  if (old === name || Object.hasOwn(part[side] ?? {}, name)) return;
  part[side] = renamed<unknown>(part[side] ?? {}, old, name) as never;
  for (const [around, user] of usersOf(doc, subgraph)) {
    if (side === "inputs") renameInput(around, user, old, name);
    else renameOutput(around, user, old, name);
  }
}

function renameInput(around: PartDraft, user: string, old: string, name: string): void {
  const node = nodesOf(around)[user];
  if (node?.inputs) node.inputs = renamed(node.inputs, old, name);
  if (node?.loop?.carry) node.loop.carry = renamed(node.loop.carry, old, name);
  const [before, after] = [written({ node: user, name: old }), written({ node: user, name })];
  for (const input of Object.values(around.inputs ?? {}))
    input.to = input.to.map((each) => (each === before ? after : each)) as typeof input.to;
}

function renameOutput(around: PartDraft, user: string, old: string, name: string): void {
  const node = nodesOf(around)[user];
  if (node?.loop?.while === old) node.loop.while = name;
  for (const [key, output] of Object.entries(node?.loop?.carry ?? {}))
    if (output === old && node?.loop?.carry) node.loop.carry[key] = name;
  for (const target of takersOf(around, { node: user, name: old })) {
    const inputs = nodesOf(around)[target.node]?.inputs;
    if (inputs) inputs[target.name] = linkTo({ node: user, name });
  }
  const before = written({ node: user, name: old });
  for (const output of Object.values(around.outputs ?? {}))
    if (output.from === before) output.from = written({ node: user, name });
}

/** The nodes that stand for a subgraph, each with the part it is in. */
function* usersOf(doc: Draft<Workflow>, subgraph: string | null): Generator<[PartDraft, string]> {
  if (subgraph === null) return;
  for (const part of [doc, ...Object.values(doc.subgraphs ?? {})] as PartDraft[]) {
    for (const [name, node] of Object.entries(part.nodes ?? {}))
      if (node.type === SUBGRAPH + subgraph) yield [part, name];
  }
}

function takersOf(part: PartDraft, source: Address): Address[] {
  return Object.entries(part.nodes ?? {}).flatMap(([node, each]) =>
    Object.entries(each.inputs ?? {})
      .filter(([, value]) => {
        const found = sourceOf(value);
        return found?.node === source.node && found.name === source.name;
      })
      .map(([name]) => ({ node, name })),
  );
}

function renamed<T>(record: Record<string, T>, old: string, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key === old ? name : key, value]));
}

/** What a named input or output stands for inside. */
export function standsFor(entry: { to: readonly string[] } | { from: string }): Address[] {
  return "to" in entry ? entry.to.map(addressOf) : [addressOf(entry.from)];
}

const exposed = new WeakMap<object, ReadonlySet<string>>();

/** Whether a named input sets a socket. */
export function isExposed(part: Part, address: Address): boolean {
  if (!part.inputs) return false;
  let known = exposed.get(part.inputs);
  if (!known) {
    known = new Set(Object.values(part.inputs).flatMap(({ to }) => to));
    exposed.set(part.inputs, known);
  }
  return known.has(written(address));
}
