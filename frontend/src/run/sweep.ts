/** A sweep: the same document with many values of one or two of its fields, as one batch; its results make a grid. */
import { produce } from "immer";
import { create } from "zustand";
import { service } from "~/api/service";
import type { Input } from "~/catalog/catalog";
import type { SocketFinder } from "~/catalog/sockets";
import { type Address, sourceOf, type Workflow, written } from "~/doc/model";
import { newId } from "~/doc/tabs";
import { evaluate } from "~/widgets/arithmetic";
import type { Job } from "./jobs";

export interface Axis {
  target: Address;
  values: readonly unknown[];
}

export interface Sweep {
  batch: string;
  axes: readonly Axis[];
}

/** The newest sweep of this visit. */
export const useSweep = create<{ sweep: Sweep | null }>()(() => ({ sweep: null }));

const NAMES = ["sweep_x", "sweep_y"] as const;
export const MOST = 400;

/** The fields of a document that can be swept. */
export function sweepable(doc: Workflow, finder: SocketFinder): { target: Address; input: Input }[] {
  return Object.entries(doc.nodes ?? {}).flatMap(([node, each]) =>
    (finder.of(each.type, doc)?.inputs ?? [])
      .filter((input) => Object.keys(input.schema).length > 0 && !sourceOf(each.inputs?.[input.name]))
      .map((input) => ({ target: { node, name: input.name }, input })),
  );
}

/** The values that a text means for a field: apart by commas, texts by lines; `4..20:5` are five from 4 to 20. */
export function valuesOf(text: string, input: Input): unknown[] {
  const { schema } = input;
  const isText = schema.type === "string" && !schema.enum;
  const parts = text
    .split(isText ? "\n" : ",")
    .map((part) => part.trim())
    .filter(Boolean);
  if (isText) return parts;
  if (schema.enum) return parts.filter((part) => (schema.enum as unknown[]).includes(part));
  if (schema.type === "boolean") return parts.map((part) => ["true", "on", "yes", "1"].includes(part.toLowerCase()));
  if (schema.type === "number" || schema.type === "integer") {
    return parts.flatMap((part) => numbersOf(part, schema.type === "integer"));
  }
  return [];
}

function numbersOf(text: string, isWhole: boolean): (number | bigint)[] {
  if (isWhole && /^\d{16,}$/.test(text)) return [BigInt(text)];
  const range = /^(.+?)\.\.(.+?)(?::(\d+))?$/.exec(text);
  const found = range ? [range[1], range[2]].map((part) => evaluate(part ?? "")) : [evaluate(text)];
  const [from, to] = found;
  if (found.some((each) => each === null) || from === null || from === undefined) return [];
  if (to === null || to === undefined) return [isWhole ? Math.round(from) : from];
  const count = Math.min(Math.max(Number(range?.[3] ?? (isWhole ? Math.abs(to - from) + 1 : 5)), 2), MOST);
  const all = Array.from({ length: count }, (_, index) => from + ((to - from) * index) / (count - 1));
  return [...new Set(all.map((each) => (isWhole ? Math.round(each) : Number(each.toPrecision(6)))))];
}

/** The document whose named inputs are the swept fields, and nothing else's. */
export function swept(doc: Workflow, axes: readonly Axis[]): Workflow {
  const taken = new Set(axes.map(({ target }) => written(target)));
  return produce(doc, (draft) => {
    const inputs: NonNullable<Workflow["inputs"]> = {};
    for (const [name, entry] of Object.entries(doc.inputs ?? {})) {
      const rest = entry.to.filter((each) => !taken.has(each));
      if (rest.length > 0) inputs[name] = { ...entry, to: rest as [string, ...string[]] };
    }
    axes.forEach(({ target }, index) => {
      inputs[NAMES[index] ?? ""] = { to: [written(target)] };
    });
    draft.inputs = inputs;
  });
}

/** Queues a sweep. */
export async function startSweep(doc: Workflow, title: string, tags: string[], axes: readonly Axis[]): Promise<void> {
  const batch = `e${newId()}`;
  const values = Object.fromEntries(axes.map((axis, index) => [NAMES[index], [...axis.values]]));
  await service.submit(swept(doc, axes), { id: batch, title, tags, batch: { mode: "product", values } });
  useSweep.setState({ sweep: { batch, axes } });
}

/** The job of a cell. */
export function jobAt(jobs: Iterable<Job>, sweep: Sweep, x: number, y: number): Job | undefined {
  const wanted = [sweep.axes[0]?.values[x], sweep.axes[1]?.values[y]];
  for (const job of jobs) {
    if (job.batch !== sweep.batch) continue;
    if (NAMES.every((name, index) => wanted[index] === undefined || job.inputs[name] === wanted[index])) return job;
  }
  return undefined;
}
