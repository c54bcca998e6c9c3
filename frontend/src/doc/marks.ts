/** Differences by node: what a canvas marks, and what a list says of each. */
import { writeJson } from "~/api/json";
import type { Change, PartDiff } from "./diff";

export type Mark = "added" | "removed" | "changed";

export interface NodeChanges {
  node: string;
  mark: Mark;
  /** Of a node that came or went: its type. */
  type: string;
  changes: readonly Change[];
}

/** The changes of a part, gathered by node; those of its interface are none of a node. */
export function byNode(part: PartDiff): NodeChanges[] {
  const found = new Map<string, NodeChanges & { changes: Change[] }>();
  for (const change of part.changes) {
    if (change.kind === "interface") continue;
    const node = change.kind === "renamed" ? change.to : change.node;
    const isWhole = change.kind === "added" || change.kind === "removed";
    // a node whose type was changed went, and came again under the same name
    const key = change.kind === "removed" ? `gone ${node}` : node;
    const mark = isWhole ? change.kind : "changed";
    const entry = found.get(key) ?? { node, mark, type: isWhole ? change.type : "", changes: [] };
    if (!isWhole) entry.changes.push(change);
    found.set(key, entry);
  }
  return [...found.values()];
}

export interface EntryChanges {
  name: string;
  side: "inputs" | "outputs";
  mark: Mark;
  /** What differs of it, as text; null where there is none. */
  fields: readonly { key: string; before: string | null; after: string | null }[];
}

/** The named inputs and outputs that came, went or became others, with what differs of each. */
export function byEntry(part: PartDiff): EntryChanges[] {
  return part.changes.flatMap((change) => {
    if (change.kind !== "interface") return [];
    const { name, side, before, after } = change;
    const [old, now] = [fieldsOf(before), fieldsOf(after)];
    const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])]
      .map((key) => ({ key, before: old[key] ?? null, after: now[key] ?? null }))
      .filter((field) => field.before !== field.after);
    const mark = before === undefined ? "added" : after === undefined ? "removed" : "changed";
    return [{ name, side, mark, fields }];
  });
}

function fieldsOf(entry: unknown): Record<string, string> {
  if (entry === null || typeof entry !== "object") return {};
  return Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, textOf(value)]));
}

/** A value as people read it: a text as it is, a list of texts with commas, anything else as JSON. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const isList = Array.isArray(value) && value.every((each) => typeof each === "string");
  return isList ? value.join(", ") : writeJson(value);
}

export interface Counts {
  added: number;
  removed: number;
  changed: number;
}

export function countsOf(parts: readonly PartDiff[]): Counts {
  const counts = { added: 0, removed: 0, changed: 0 };
  for (const part of parts) for (const { mark } of byNode(part)) counts[mark]++;
  return counts;
}

/** The middle in which two texts differ, with what is the same around it. */
export function between(before: string, after: string): { head: string; old: string; now: string; tail: string } {
  const [a, b] = [[...before], [...after]];
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return {
    head: a.slice(0, head).join(""),
    old: a.slice(head, a.length - tail).join(""),
    now: b.slice(head, b.length - tail).join(""),
    tail: tail === 0 ? "" : a.slice(-tail).join(""),
  };
}
