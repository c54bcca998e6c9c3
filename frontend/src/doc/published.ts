/** Subgraphs of the library: published as small workflows, and put into other documents with their version. */
import type { Draft } from "immer";
import { writeJson } from "~/api/json";
import { takeSubgraphs } from "./clipboard";
import { SUBGRAPH, type Subgraph, subgraphIn, type Workflow } from "./model";
import { freeName } from "./names";

/** What the names of published subgraphs in the library begin with. */
export const SHELF = "subgraphs/";

/** In the view of a subgraph: where it came from. */
const ORIGIN = "x-library";

export interface Origin {
  name: string;
  version: number;
}

export function originOf(subgraph: Subgraph | undefined): Origin | null {
  const found = subgraph?.view?.[ORIGIN] as Partial<Origin> | undefined;
  return typeof found?.name === "string" && typeof found.version === "number"
    ? { name: found.name, version: found.version }
    : null;
}

export function setOrigin(subgraph: Draft<Subgraph>, origin: Origin): void {
  subgraph.view = { ...subgraph.view, [ORIGIN]: { ...origin } };
}

/** A workflow of one node, which stands for a subgraph: it runs on its own, if all that it needs is in it. */
export function publication(doc: Workflow, name: string): Workflow | null {
  const subgraph = doc.subgraphs?.[name];
  if (!subgraph) return null;
  const node = { type: SUBGRAPH + name };
  const taken: Record<string, Subgraph> = {};
  takeSubgraphs(doc, node, taken);
  const subgraphs = Object.fromEntries(Object.entries(taken).map(([each, inner]) => [each, withoutOrigin(inner)]));
  const key = freeName(name, () => false);
  return {
    format: "graphengine.workflow",
    version: 1,
    title: subgraph.title || name,
    ...(subgraph.description ? { description: subgraph.description } : {}),
    nodes: { [key]: node },
    subgraphs,
    view: { nodes: { [key]: { x: 0, y: 0 } } },
  } as Workflow;
}

function withoutOrigin(subgraph: Subgraph): Subgraph {
  if (!originOf(subgraph)) return subgraph;
  const { [ORIGIN]: _, ...view } = subgraph.view ?? {};
  return { ...subgraph, view };
}

/** The name of the subgraph that a published workflow is about, or null where it is about none. */
export function mainOf(published: Workflow): string | null {
  const [node, ...rest] = Object.values(published.nodes ?? {});
  const name = subgraphIn(node?.type);
  return name !== null && rest.length === 0 && published.subgraphs?.[name] ? name : null;
}

/**
 * Puts a published subgraph into a document, with those inside it, and returns the type of its nodes.
 *
 * One that is there already is used again; a name that is taken by another gives a name of its own.
 */
export function adopt(doc: Draft<Workflow>, published: Workflow, origin: Origin): string {
  const main = mainOf(published) ?? "";
  const here = knownAs(doc, origin);
  if (here !== null) return SUBGRAPH + here;
  return SUBGRAPH + place(doc, published, namesFor(doc, published, main), origin);
}

/** Puts another version of a published subgraph in the place of the one that a document has; its nodes keep standing. */
export function upgrade(doc: Draft<Workflow>, name: string, published: Workflow, origin: Origin): void {
  const main = mainOf(published) ?? "";
  place(doc, published, namesFor(doc, published, main).set(main, name), origin);
}

/** Puts the subgraphs of a published one into a document under their names there; returns the name of the main one. */
function place(doc: Draft<Workflow>, published: Workflow, names: ReadonlyMap<string, string>, origin: Origin): string {
  const main = mainOf(published) ?? "";
  doc.subgraphs ??= {};
  for (const [name, subgraph] of Object.entries(published.subgraphs ?? {})) {
    const fresh = renamed(structuredClone(subgraph), names);
    if (name === main) setOrigin(fresh, origin);
    doc.subgraphs[names.get(name) ?? name] = fresh;
  }
  return names.get(main) ?? main;
}

function knownAs(doc: Draft<Workflow>, origin: Origin): string | null {
  const found = Object.entries(doc.subgraphs ?? {}).find(([, each]) => {
    const own = originOf(each as Subgraph);
    return own?.name === origin.name && own.version === origin.version;
  });
  return found?.[0] ?? null;
}

/** What the subgraphs are called here: those inside that are the same here already keep their names. */
function namesFor(doc: Draft<Workflow>, published: Workflow, main: string): Map<string, string> {
  const taken = new Set(Object.keys(doc.subgraphs ?? {}));
  const names = new Map<string, string>();
  for (const [name, subgraph] of Object.entries(published.subgraphs ?? {})) {
    const known = doc.subgraphs?.[name];
    const isSame = name !== main && known !== undefined && writeJson(known) === writeJson(subgraph);
    const free = isSame ? name : freeName(name, (each) => taken.has(each));
    taken.add(free);
    names.set(name, free);
  }
  return names;
}

function renamed(subgraph: Draft<Subgraph>, names: ReadonlyMap<string, string>): Draft<Subgraph> {
  for (const node of Object.values(subgraph.nodes ?? {})) {
    const inner = names.get(subgraphIn(node.type) ?? "");
    if (inner !== undefined) node.type = SUBGRAPH + inner;
  }
  return subgraph;
}
