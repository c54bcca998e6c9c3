/** The value of an output, without a node for it: a run of a copy of the document that gives it, and a picture of it. */
import { produce } from "immer";
import { service } from "~/api/service";
import type { SocketFinder } from "~/catalog/sockets";
import { type Address, linkTo, type Workflow, written } from "~/doc/model";
import { freeName } from "~/doc/names";
import { newId } from "~/doc/tabs";
import { isOver } from "./jobs";
import { previewKey, useRuns } from "./store";

const OUTPUT = "peek";
const PICTURE = "Image";
const PATIENCE = 120_000;

export interface Peeked {
  type: string;
  /** Of what is plain. */
  value?: unknown;
  /** Of what can be seen: the address of a picture of it, to be revoked when it is no longer shown. */
  picture?: string;
  width?: number;
  height?: number;
}

/** The node that shows pictures without writing them, as the catalogue has it. */
function showerOf(finder: SocketFinder): { type: string; input: string } | null {
  for (const node of finder.catalog.nodes.values()) {
    const [first, ...rest] = node.inputs;
    const isAlone = rest.every((input) => !input.required);
    if (node.sink && first?.type === PICTURE && isAlone && !node.outputs.some(({ type }) => type.includes("File"))) {
      return { type: node.id, input: first.name };
    }
  }
  return null;
}

/** The document that gives nothing but one output, and the node that shows it where it can be seen. */
export function peeking(doc: Workflow, source: Address, type: string, finder: SocketFinder) {
  const shower = finder.catalog.fit(type, PICTURE) ? showerOf(finder) : null;
  const shows = shower ? freeName("peek", (name) => Object.hasOwn(doc.nodes ?? {}, name)) : null;
  const copy = produce(doc, (draft) => {
    draft.outputs = { [OUTPUT]: { from: written(source) } };
    draft.nodes ??= {};
    if (shower && shows) draft.nodes[shows] = { type: shower.type, inputs: { [shower.input]: linkTo(source) } };
  });
  return { copy, shows };
}

/** @throws Refused, Unreachable; Error where the run fails. */
export async function peek(doc: Workflow, source: Address, type: string, finder: SocketFinder): Promise<Peeked> {
  const { copy, shows } = peeking(doc, source, type, finder);
  const id = `e${newId()}`;
  const seen = shows === null ? null : pictureOf(id, shows);
  const targets: [string, ...string[]] = shows === null ? [source.node] : [source.node, shows];
  await service.submit(copy, { id, title: `Look at ${written(source)}`, targets });
  await ended(id);
  const { result, failure } = await service.job(id);
  if (failure) throw new Error(failure.message);
  const outputs = (result as { outputs?: Record<string, { type: string; value?: unknown }> } | null)?.outputs;
  return { type, value: outputs?.[OUTPUT]?.value, ...(await seen) };
}

function ended(id: string): Promise<void> {
  return watched((state) => {
    const job = state.jobs[id];
    return job && isOver(job) ? true : undefined;
  }).then(() => {});
}

/** The picture that a node of a job shows, kept beyond the job. */
async function pictureOf(job: string, node: string): Promise<Partial<Peeked>> {
  const found = await watched((state) => {
    const over = state.jobs[job];
    return state.previews[previewKey(job, node)] ?? (over && isOver(over) ? null : undefined);
  });
  if (!found) return {};
  const blob = await (await fetch(found.url)).blob();
  return { picture: URL.createObjectURL(blob), width: found.width, height: found.height };
}

type Runs = ReturnType<typeof useRuns.getState>;

/** Waits until something is known of the runs. */
function watched<T>(find: (state: Runs) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      stop();
      reject(new Error("it takes too long"));
    }, PATIENCE);
    const look = (state: Runs) => {
      const found = find(state);
      if (found === undefined) return;
      clearTimeout(late);
      stop();
      resolve(found);
    };
    const stop = useRuns.subscribe(look);
    look(useRuns.getState());
  });
}
