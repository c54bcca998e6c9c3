/** What was run last: the documents as they were queued, by tab. */
import { create } from "zustand";
import type { Address, Workflow } from "~/doc/model";

export const useLastRun = create<{ docs: Readonly<Record<string, Workflow>> }>()(() => ({ docs: {} }));

export function rememberRun(tab: string, doc: Workflow): void {
  useLastRun.setState(({ docs }) => ({ docs: { ...docs, [tab]: doc } }));
}

/** The value that an input had in the last run; undefined where nothing is known of it. */
export function lastValue(doc: Workflow | undefined, subgraph: string | null, { node, name }: Address): unknown {
  const part = subgraph === null ? doc : doc?.subgraphs?.[subgraph];
  return part?.nodes?.[node]?.inputs?.[name];
}
