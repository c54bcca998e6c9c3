/** The value of an output, without a node for it: a run of a copy of the document that gives it, and a picture of it. */
import { type Draft, produce } from "immer";
import { service } from "~/api/service";
import type { SocketFinder } from "~/catalog/sockets";
import { type Address, linkTo, type Path, placeOf, type Workflow, written } from "~/doc/model";
import { freeName } from "~/doc/names";
import { newId } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { isOver } from "./jobs";
import { dropPreviews } from "./previews";
import { previewKey, useRuns } from "./store";
import { problemText } from "./told";

const OUTPUT = "peek";
const PATIENCE = 600_000;
const LATE = 2_000;
const URGENT = 100;

export interface Peeked {
  type: string;
  /** Of what is plain. */
  value?: unknown;
  /** Of what is not: shapes and element types, a length. */
  description?: string | undefined;
  /** Of what can be seen: the address of a picture of it, to be revoked when it is no longer shown. */
  picture?: string;
  width?: number;
  height?: number;
}

/** What would have to run first. */
export interface Missing {
  runs: number;
  seconds: number;
}

export interface Wanted {
  doc: Workflow;
  /** The nodes that were entered. */
  path: Path;
  source: Address;
  type: string;
}

/** The node that shows values of a type without writing them, as the catalogue has it; one for just that type first. */
function showerOf(finder: SocketFinder, type: string): { type: string; input: string } | null {
  let found: { type: string; input: string } | null = null;
  for (const node of finder.catalog.nodes.values()) {
    const [first, ...rest] = node.inputs;
    if (!node.sink || !first || rest.some((input) => input.required)) continue;
    if (node.outputs.length !== 1 || node.outputs[0]?.type !== first.type) continue; // it passes on what it shows
    const fit = finder.catalog.fit(type, first.type);
    if (first.type === type) return { type: node.id, input: first.name };
    if (fit && !fit.each) found ??= { type: node.id, input: first.name };
  }
  return found;
}

/** The document that gives nothing but one output, what is to be run in it, and the node that shows it, if one can. */
export function peeking({ doc, path, source, type }: Wanted, finder: SocketFinder) {
  const shower = showerOf(finder, type);
  const shows = shower ? freeName(OUTPUT, (name) => Object.hasOwn(doc.nodes ?? {}, name)) : null;
  const copy = produce(doc, (draft) => {
    const outside = exposed(draft, path, source);
    draft.outputs = { [OUTPUT]: { from: written(outside) } };
    draft.nodes ??= {};
    if (shower && shows) draft.nodes[shows] = { type: shower.type, inputs: { [shower.input]: linkTo(outside) } };
  });
  const task = [...path, source.node].join("/");
  const targets: [string, ...string[]] = shows === null ? [task] : [task, shows];
  return { copy, targets, shows };
}

/** Leads an output out of the subgraphs that it is in. */
function exposed(doc: Draft<Workflow>, path: Path, source: Address): Address {
  let inner = source;
  for (let depth = path.length; depth > 0; depth--) {
    const part = placeOf(doc as Workflow, path.slice(0, depth)).part as Draft<Workflow>;
    const outputs = part.outputs ?? {};
    const name = freeName(OUTPUT, (each) => Object.hasOwn(outputs, each)).replaceAll("-", "_");
    part.outputs = { ...outputs, [name]: { from: written(inner) } };
    inner = { node: path[depth - 1] ?? "", name };
  }
  return inner;
}

/**
 * Looks at a value that is known already, or says what has to run first.
 *
 * @throws Refused, Unreachable.
 */
export async function peekAtKnown(
  wanted: Wanted,
  finder: SocketFinder,
  signal?: AbortSignal,
): Promise<Peeked | Missing> {
  const made = peeking(wanted, finder);
  const { copy, targets, shows } = made;
  const { valid, problems, tasks } = await service.plan(copy, targets, signal);
  if (!valid) throw new Error(problems?.[0] ? problemText(problems[0]) : t("value.notReady"));
  const running = Object.entries(tasks ?? {}).filter(([task, { verdict }]) => verdict !== "cached" && task !== shows);
  const needed = running.filter(([, { verdict }]) => verdict !== "not_needed");
  if (needed.length === 0) return run(made, wanted, signal);
  return { runs: needed.length, seconds: needed.reduce((sum, [, { seconds }]) => sum + (seconds ?? 0), 0) };
}

/**
 * Looks at a value, and runs what has to run first, before whatever waits; when nobody looks any more, it is cancelled.
 *
 * @throws Refused, Unreachable; Error where the run fails.
 */
export async function peek(wanted: Wanted, finder: SocketFinder, signal?: AbortSignal): Promise<Peeked> {
  return run(peeking(wanted, finder), wanted, signal);
}

type Made = ReturnType<typeof peeking>;

async function run({ copy, targets, shows }: Made, wanted: Wanted, signal?: AbortSignal): Promise<Peeked> {
  const id = `e${newId()}`;
  const cancel = () => void service.cancel(id).catch(() => {}); // it may be over
  try {
    await service.submit(copy, {
      id,
      title: t("outputs.look", { name: written(wanted.source) }),
      targets,
      priority: URGENT,
    });
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel);
    await watched((state) => {
      const job = state.jobs[id];
      return job && isOver(job) ? true : undefined;
    }, PATIENCE);
    const { result, failure } = await service.job(id);
    if (failure) throw new Error(failure.message);
    const told = result as { outputs?: Record<string, { value?: unknown; description?: string }> } | null;
    const { value, description } = told?.outputs?.[OUTPUT] ?? {};
    const picture = shows === null ? {} : await pictureOf(id, shows);
    return { type: wanted.type, value, description, ...picture };
  } finally {
    signal?.removeEventListener("abort", cancel);
    dropPreviews((job) => job === id);
  }
}

/** The picture that a node of a job shows, kept beyond the job. It may come a little after the job's end. */
async function pictureOf(job: string, node: string): Promise<Partial<Peeked>> {
  const found = await watched((state) => state.previews[previewKey(job, node)], LATE).catch(() => null);
  if (!found) return {};
  const blob = await (await fetch(found.url)).blob();
  return { picture: URL.createObjectURL(blob), width: found.width, height: found.height };
}

type Runs = ReturnType<typeof useRuns.getState>;

/** Waits until something is known of the runs. */
function watched<T>(find: (state: Runs) => T | undefined, patience: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let stop = () => {};
    const late = setTimeout(() => {
      stop();
      reject(new Error(t("value.late")));
    }, patience);
    const look = (state: Runs) => {
      const found = find(state);
      if (found === undefined) return;
      clearTimeout(late);
      stop();
      resolve(found);
    };
    stop = useRuns.subscribe(look);
    look(useRuns.getState());
  });
}
