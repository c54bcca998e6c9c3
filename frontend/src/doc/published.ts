/** Subgraphs of the library: published as small workflows, and put into other documents with their version. */
import type { Draft } from "immer";
import { writeJson } from "~/api/json";
import { SUBGRAPH, type Subgraph, type Workflow } from "./model";
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
  const subgraphs: Record<string, Subgraph> = {};
  takeInto(subgraphs, doc, name);
  return {
    format: "graphengine.workflow",
    version: 1,
    title: subgraph.title || name,
    ...(subgraph.description ? { description: subgraph.description } : {}),
    nodes: { [freeName(name, () => false)]: { type: SUBGRAPH + name } },
    subgraphs,
    view: { nodes: { [freeName(name, () => false)]: { x: 0, y: 0 } } },
  } as Workflow;
}

function takeInto(into: Record<string, Subgraph>, doc: Workflow, name: string): void {
  const subgraph = doc.subgraphs?.[name];
  if (!subgraph || Object.hasOwn(into, name)) return;
  into[name] = withoutOrigin(subgraph);
  for (const { type } of Object.values(subgraph.nodes ?? {}))
    if (type.startsWith(SUBGRAPH)) takeInto(into, doc, type.slice(SUBGRAPH.length));
}

function withoutOrigin(subgraph: Subgraph): Subgraph {
  if (!originOf(subgraph)) return subgraph;
  const { [ORIGIN]: _, ...view } = subgraph.view ?? {};
  return { ...subgraph, view };
}

/** The name of the subgraph that a published workflow is about, or null where it is about none. */
export function mainOf(published: Workflow): string | null {
  const [node, ...rest] = Object.values(published.nodes ?? {});
  if (!node?.type.startsWith(SUBGRAPH) || rest.length > 0) return null;
  const name = node.type.slice(SUBGRAPH.length);
  return published.subgraphs?.[name] ? name : null;
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
  const names = namesFor(doc, published, main);
  doc.subgraphs ??= {};
  for (const [name, subgraph] of Object.entries(published.subgraphs ?? {})) {
    const fresh = renamed(structuredClone(subgraph), names);
    if (name === main) setOrigin(fresh, origin);
    doc.subgraphs[names.get(name) ?? name] = fresh;
  }
  return SUBGRAPH + (names.get(main) ?? main);
}

/** Puts another version of a published subgraph in the place of the one that a document has; its nodes keep standing. */
export function upgrade(doc: Draft<Workflow>, name: string, published: Workflow, origin: Origin): void {
  const main = mainOf(published) ?? "";
  const names = namesFor(doc, published, main).set(main, name);
  doc.subgraphs ??= {};
  for (const [each, subgraph] of Object.entries(published.subgraphs ?? {}))
    doc.subgraphs[names.get(each) ?? each] = renamed(structuredClone(subgraph), names);
  const fresh = doc.subgraphs[name];
  if (fresh) setOrigin(fresh, origin);
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
    const inner = node.type.startsWith(SUBGRAPH) ? names.get(node.type.slice(SUBGRAPH.length)) : undefined;
    if (inner !== undefined) node.type = SUBGRAPH + inner;
  }
  return subgraph;
}
