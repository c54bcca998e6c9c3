/** The open documents, each with its history, selection and place; and the one way to change them. */
import { type Draft, produce } from "immer";
import { create } from "zustand";
import { emptyHistory, type History, record, redo, undo } from "./history";
import { emptyWorkflow, type Part, type Path, type Place, placeOf, type Workflow } from "./model";

export interface Saved {
  name: string;
  version: number;
}

export interface Tab {
  readonly id: string;
  readonly doc: Workflow;
  readonly path: Path;
  readonly nodes: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
  readonly history: History<Workflow>;
  readonly saved: Saved | null;
  /** The document as it is in the library; null where it never was. */
  readonly savedDoc: Workflow | null;
  /** When the library was last given it, in milliseconds. */
  readonly savedAt: number | null;
}

interface Tabs {
  readonly tabs: readonly Tab[];
  readonly active: string;
}

export const NOTHING: ReadonlySet<string> = new Set();

function fresh(doc: Workflow, more: Partial<Tab> = {}): Tab {
  const empty = { path: [], nodes: NOTHING, links: NOTHING, saved: null, savedDoc: null, savedAt: null };
  return { id: newId(), doc, history: emptyHistory(), ...empty, ...more };
}

export const newId = () => crypto.randomUUID().replaceAll("-", "");

const first = fresh(emptyWorkflow());
export const useTabs = create<Tabs>()(() => ({ tabs: [first], active: first.id }));

export function activeTab(state: Tabs = useTabs.getState()): Tab {
  return state.tabs.find((tab) => tab.id === state.active) ?? state.tabs[0] ?? first;
}

export const useTab = <T>(select: (tab: Tab) => T): T => useTabs((state) => select(activeTab(state)));

/** Where the active tab looks. The same object for the same document and path. */
let lastPlace: { doc: Workflow; path: Path; place: Place } | null = null;
export function placeOfTab(tab: Tab): Place {
  if (lastPlace?.doc !== tab.doc || lastPlace.path !== tab.path) {
    lastPlace = { doc: tab.doc, path: tab.path, place: placeOf(tab.doc, tab.path) };
  }
  return lastPlace.place;
}

export const usePart = (): Part => useTab((tab) => placeOfTab(tab).part);

export function hasChanged(tab: Tab): boolean {
  return tab.savedDoc === null ? tab.history.past.length > 0 : tab.doc !== tab.savedDoc;
}

function change(id: string, how: (tab: Tab) => Tab): void {
  useTabs.setState((state) => ({ tabs: state.tabs.map((tab) => (tab.id === id ? how(tab) : tab)) }));
}

export type Recipe = (part: Draft<Part>, doc: Draft<Workflow>) => void;

/**
 * Changes the part of the document that is looked at; one step to undo.
 *
 * @param gesture steps of the same gesture that follow one another are one: a drag, the typing of a word.
 */
export function edit(label: string, recipe: Recipe, gesture: string | null = null): void {
  const { id } = activeTab();
  change(id, (tab) => {
    const { subgraph } = placeOfTab(tab);
    const doc = produce(tab.doc, (draft) => {
      const inner = subgraph === null ? draft : draft.subgraphs?.[subgraph];
      if (inner) recipe(inner, draft);
    });
    return { ...tab, doc, history: record(tab.history, { label, before: tab.doc, after: doc }, gesture, Date.now()) };
  });
}

/** Puts another document in the place of the one that is looked at; one step to undo. */
export function replaceDocument(label: string, doc: Workflow): void {
  change(activeTab().id, (tab) => ({
    ...tab,
    doc,
    history: record(tab.history, { label, before: tab.doc, after: doc }, null, Date.now()),
    ...still(tab, doc),
  }));
}

export function undoEdit(): string | null {
  return travel(undo);
}

export function redoEdit(): string | null {
  return travel(redo);
}

function travel(how: typeof undo<Workflow>): string | null {
  const tab = activeTab();
  const found = how(tab.history);
  if (!found) return null;
  change(tab.id, (old) => ({ ...old, doc: found.state, history: found.history, ...still(old, found.state) }));
  return found.label;
}

/** Of what is selected, what is still there. */
function still(tab: Tab, doc: Workflow): Pick<Tab, "nodes" | "links" | "path"> {
  const place = placeOf(doc, tab.path);
  const nodes = new Set([...tab.nodes].filter((name) => place.part.nodes?.[name]));
  return { nodes, links: NOTHING, path: place.path.length === tab.path.length ? tab.path : place.path };
}

export function select(nodes: Iterable<string>, links: Iterable<string> = []): void {
  change(activeTab().id, (tab) => ({ ...tab, nodes: new Set(nodes), links: new Set(links) }));
}

export function goTo(path: Path): void {
  change(activeTab().id, (tab) => ({ ...tab, path, nodes: NOTHING, links: NOTHING }));
}

/** Opens a document in a new tab; an untouched empty tab makes room for it. */
export function openTab(doc: Workflow, more: Partial<Tab> = {}): string {
  const tab = fresh(doc, more);
  useTabs.setState((state) => ({ tabs: [...state.tabs.filter((each) => !isUntouched(each)), tab], active: tab.id }));
  return tab.id;
}

export function newTab(): void {
  const tab = fresh(emptyWorkflow());
  useTabs.setState((state) => ({ tabs: [...state.tabs, tab], active: tab.id }));
}

function isUntouched(tab: Tab): boolean {
  return tab.saved === null && tab.history.past.length === 0 && Object.keys(tab.doc.nodes ?? {}).length === 0;
}

export function showTab(id: string): void {
  useTabs.setState({ active: id });
}

export function closeTab(id: string): void {
  useTabs.setState((state) => {
    const at = state.tabs.findIndex((tab) => tab.id === id);
    const rest = state.tabs.filter((tab) => tab.id !== id);
    const tabs = rest.length > 0 ? rest : [fresh(emptyWorkflow())];
    const next = tabs[Math.min(at, tabs.length - 1)]?.id ?? "";
    return { tabs, active: state.active === id ? next : state.active };
  });
}

export function markSaved(id: string, saved: Saved, doc: Workflow): void {
  change(id, (tab) => ({ ...tab, saved, savedDoc: doc, savedAt: Date.now() }));
}

export function restoreTabs(tabs: readonly Tab[], active: string): void {
  if (tabs.length > 0)
    useTabs.setState({ tabs, active: tabs.some((tab) => tab.id === active) ? active : (tabs[0]?.id ?? "") });
}

export function titleOf(tab: Tab): string {
  return tab.saved?.name || tab.doc.title || "Untitled";
}
