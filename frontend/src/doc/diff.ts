/** What differs between two documents: nodes, values and links; what is only about looks is counted apart. */
import { writeJson } from "~/api/json";
import { type Node, type Part, sourceOf, type Workflow, written } from "./model";

export type Change =
  | { kind: "added" | "removed"; node: string; type: string }
  | { kind: "renamed"; node: string; to: string }
  | { kind: "value"; node: string; name: string; before: unknown; after: unknown }
  | { kind: "link"; node: string; name: string; before: string | null; after: string | null }
  | { kind: "setting"; node: string; name: string; before: unknown; after: unknown }
  | { kind: "interface"; side: "inputs" | "outputs"; name: string; before: unknown; after: unknown };

export interface PartDiff {
  /** The name of a subgraph, or null for the workflow itself. */
  subgraph: string | null;
  changes: readonly Change[];
  /** How many nodes only lie or look otherwise. */
  looks: number;
}

/** The differences, part by part; a part without any is left out. */
export function diff(before: Workflow, after: Workflow): PartDiff[] {
  const names = new Set([...Object.keys(before.subgraphs ?? {}), ...Object.keys(after.subgraphs ?? {})]);
  const pairs: [string | null, Part, Part][] = [[null, before, after]];
  for (const name of names) pairs.push([name, before.subgraphs?.[name] ?? {}, after.subgraphs?.[name] ?? {}]);
  return pairs
    .map(([subgraph, a, b]) => partDiff(subgraph, a, b))
    .filter(({ changes, looks }) => changes.length > 0 || looks > 0);
}

function partDiff(subgraph: string | null, before: Part, after: Part): PartDiff {
  const [old, now] = [before.nodes ?? {}, after.nodes ?? {}];
  const renamed = renames(old, now);
  const taken = new Set(renamed.values());
  const changes: Change[] = [];
  for (const [node, each] of Object.entries(old)) {
    const name = renamed.get(node) ?? node;
    const other = now[name];
    if (renamed.has(node)) changes.push({ kind: "renamed", node, to: name });
    if (!other || (other.type !== each.type && !renamed.has(node)))
      changes.push({ kind: "removed", node, type: each.type });
    else changes.push(...nodeDiff(name, each, other, renamed));
  }
  for (const [node, each] of Object.entries(now)) {
    if (!taken.has(node) && old[node]?.type !== each.type) changes.push({ kind: "added", node, type: each.type });
  }
  for (const side of ["inputs", "outputs"] as const) changes.push(...interfaceDiff(side, before, after));
  return { subgraph, changes, looks: looksDiff(before, after, renamed) };
}

/** Nodes that are gone and stand there again under another name, as they were. */
function renames(old: Record<string, Node>, now: Record<string, Node>): Map<string, string> {
  const fresh = new Map<string, string[]>();
  for (const [name, node] of Object.entries(now)) {
    if (Object.hasOwn(old, name)) continue;
    const key = writeJson(node);
    fresh.set(key, [...(fresh.get(key) ?? []), name]);
  }
  const found = new Map<string, string>();
  for (const [name, node] of Object.entries(old)) {
    const next = Object.hasOwn(now, name) ? undefined : fresh.get(writeJson(node))?.shift();
    if (next !== undefined) found.set(name, next);
  }
  return found;
}

function nodeDiff(name: string, before: Node, after: Node, renamed: ReadonlyMap<string, string>): Change[] {
  const changes: Change[] = [];
  const keys = new Set([...Object.keys(before.inputs ?? {}), ...Object.keys(after.inputs ?? {})]);
  for (const key of keys) {
    const [old, now] = [before.inputs?.[key], after.inputs?.[key]];
    const [from, to] = [sourceText(old, renamed), sourceText(now)];
    if (from !== null || to !== null) {
      if (from !== to) changes.push({ kind: "link", node: name, name: key, before: from, after: to });
    }
    const [value, next] = [from === null ? old : undefined, to === null ? now : undefined];
    if (!isSame(value, next)) changes.push({ kind: "value", node: name, name: key, before: value, after: next });
  }
  const settings = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const key of settings) {
    if (key === "inputs" || key === "type" || isSame(before[key], after[key])) continue;
    changes.push({ kind: "setting", node: name, name: key, before: before[key], after: after[key] });
  }
  return changes;
}

/** A link to a node that was only renamed is the same link. */
function sourceText(value: unknown, renamed: ReadonlyMap<string, string> = new Map()): string | null {
  const source = sourceOf(value);
  return source && written({ ...source, node: renamed.get(source.node) ?? source.node });
}

function interfaceDiff(side: "inputs" | "outputs", before: Part, after: Part): Change[] {
  const [old, now]: Record<string, unknown>[] = [before[side] ?? {}, after[side] ?? {}];
  const names = new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})]);
  return [...names]
    .filter((name) => !isSame(old?.[name], now?.[name]))
    .map((name) => ({ kind: "interface", side, name, before: old?.[name], after: now?.[name] }));
}

function looksDiff(before: Part, after: Part, renamed: ReadonlyMap<string, string>): number {
  const now = after.view?.nodes ?? {};
  const stayed = Object.keys(before.nodes ?? {}).filter((name) => after.nodes?.[renamed.get(name) ?? name]);
  return stayed.filter((name) => !isSame(before.view?.nodes?.[name], now[renamed.get(name) ?? name])).length;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return writeJson(sorted(a)) === writeJson(sorted(b)); // the order of keys means nothing
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}
