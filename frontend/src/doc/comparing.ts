/** What open documents are compared with: for each tab at most one other document, and the differences of the two. */
import { useDeferredValue, useMemo } from "react";
import { create } from "zustand";
import { diff, type PartDiff } from "./diff";
import type { Workflow } from "./model";
import { activeTab, useTab } from "./tabs";

export interface Base {
  doc: Workflow;
  /** What it is, for people: "version 3". */
  word: string;
}

export const useBases = create<{ bases: Readonly<Record<string, Base>> }>()(() => ({ bases: {} }));

/** Compares the document of a tab, as it is and as it becomes, with an older one. */
export function compareTab(tab: string, base: Base): void {
  useBases.setState(({ bases }) => ({ bases: { ...bases, [tab]: base } }));
}

export function stopComparing(tab = activeTab().id): void {
  useBases.setState(({ bases: { [tab]: _, ...rest } }) => ({ bases: rest }));
}

export const useBase = (): Base | undefined => {
  const tab = useTab((each) => each.id);
  return useBases((state) => state.bases[tab]);
};

const NONE: readonly PartDiff[] = [];

let last: { before: Workflow; after: Workflow; found: readonly PartDiff[] } | null = null;

/** The differences of two documents; the same object for the same two, as more than one part of the page asks. */
export function differences(before: Workflow, after: Workflow): readonly PartDiff[] {
  if (last?.before !== before || last.after !== after) last = { before, after, found: diff(before, after) };
  return last.found;
}

/** What differs in the document that is looked at; it may lag behind fast hands. */
export function useDifferences(): readonly PartDiff[] {
  const base = useBase();
  const doc = useDeferredValue(useTab((tab) => tab.doc));
  return useMemo(() => (base ? differences(base.doc, doc) : NONE), [base, doc]);
}
