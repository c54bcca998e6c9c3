/** The subgraphs of the service's library: read when a node is added, published from a node that stands for one. */
import { create } from "zustand";
import { Refused } from "~/api/http";
import { service } from "~/api/service";
import type { Sockets } from "~/catalog/catalog";
import { finder } from "~/catalog/store";
import { SUBGRAPH, subgraphIn, type Workflow } from "~/doc/model";
import { adopt, mainOf, originOf, publication, SHELF, setOrigin, upgrade } from "~/doc/published";
import { activeTab, edit, placeOfTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { complain, say } from "~/ui/notices";

export interface Shelved {
  name: string;
  version: number;
  doc: Workflow;
  sockets: Sockets;
}

/** By name, the newest version of each published subgraph. */
export const useShelf = create<{ shelf: Readonly<Record<string, Shelved>> }>()(() => ({ shelf: {} }));

const MOST = 200;

/** Looks what is there; only what is new since the last time is fetched. */
export async function lookAtShelf(): Promise<void> {
  try {
    const { workflows } = await service.workflows();
    const wanted = workflows.map(({ newest }) => newest).filter(({ name }) => name.startsWith(SHELF));
    const known = useShelf.getState().shelf;
    const found = await Promise.all(
      wanted.slice(0, MOST).map(async ({ name, version }) => {
        const here = known[name];
        return here?.version === version ? here : shelved(name, version);
      }),
    );
    const shelf = Object.fromEntries(found.filter((each) => each !== null).map((each) => [each.name, each]));
    useShelf.setState({ shelf });
  } catch {
    // without the library the nodes of the packs can be added all the same
  }
}

async function shelved(name: string, version: number): Promise<Shelved | null> {
  const doc = (await service.workflow(name, version)).document as unknown as Workflow;
  const main = mainOf(doc);
  const sockets = main === null ? null : finder().of(SUBGRAPH + main, doc);
  if (sockets === null) return null;
  const told = { ...sockets, id: name, summary: `${sockets.summary} ${t("library.from", { version })}`.trim() };
  return { name, version, doc, sockets: told };
}

/** Puts a published subgraph into the document that is looked at; returns the type of its nodes. */
export function adoptShelved(draft: Parameters<typeof adopt>[0], name: string): string | null {
  const found = useShelf.getState().shelf[name];
  return found ? adopt(draft, found.doc, { name, version: found.version }) : null;
}

/** The subgraph that a node stands for, or null. */
export function subgraphOf(node: string): string | null {
  return subgraphIn(placeOfTab(activeTab()).part.nodes?.[node]?.type);
}

/** Publishes the subgraph that a node stands for: as the next version, where it came from the library. */
export async function publish(node: string): Promise<void> {
  const { doc } = activeTab();
  const subgraph = subgraphOf(node);
  const published = subgraph === null ? null : publication(doc, subgraph);
  if (subgraph === null || !published) return;
  const origin = originOf(doc.subgraphs?.[subgraph]);
  const name = origin?.name ?? SHELF + (published.title || subgraph).trim();
  try {
    const { version } = await service.save(name, published, origin?.version ?? 0, "");
    edit(t("did.publish"), (_, draft) => {
      const own = draft.subgraphs?.[subgraph];
      if (own) setOrigin(own, { name, version });
    });
    say(t("says.published", { name: name.slice(SHELF.length), version }));
    await lookAtShelf();
  } catch (error) {
    if (error instanceof Refused && error.code === "conflict")
      say(t("says.taken", { name: name.slice(SHELF.length) }), "problem");
    else complain(error);
  }
}

/** The newer version of the subgraph that a node stands for, or null. */
export function newerOf(node: string): Shelved | null {
  const { doc } = activeTab();
  const subgraph = subgraphOf(node);
  const origin = subgraph === null ? null : originOf(doc.subgraphs?.[subgraph]);
  const found = origin ? useShelf.getState().shelf[origin.name] : undefined;
  return found && origin && found.version > origin.version ? found : null;
}

/** Takes the newer version, for all nodes that stand for the subgraph. */
export function takeNewer(node: string): void {
  const [newer, subgraph] = [newerOf(node), subgraphOf(node)];
  if (!newer || subgraph === null) return;
  const { name, version } = newer;
  edit(t("did.version", { version }), (_, draft) => upgrade(draft, subgraph, newer.doc, { name, version }));
}
