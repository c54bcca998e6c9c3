/** Comparing documents: with versions, with files, with what made a result. */
import { service } from "~/api/service";
import { compareTab } from "~/doc/comparing";
import { parseWorkflow } from "~/doc/file";
import { useKeeper } from "~/doc/keeping";
import { type Part, type Path, subgraphIn, type Workflow } from "~/doc/model";
import { activeTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { complain } from "~/ui/notices";
import { workflowIn } from "./carried";
import { openDocument } from "./files";

/** A document as it is or was somewhere. */
export interface Past {
  /** What it is, for people. */
  word: string;
  load(): Promise<Workflow>;
}

export interface Version extends Past {
  key: string;
  /** Milliseconds since the epoch. */
  time: number;
}

/** What the document that is looked at once was, the newest first: kept by this browser, and in the library. */
export async function pastOf(): Promise<Version[]> {
  const tab = activeTab();
  const kept = (await useKeeper.getState().keeper?.journal.versions(tab.id)) ?? [];
  const local = kept.map(({ time, label, text }) => ({
    key: `here ${time}`,
    time,
    word: label ? t("versions.keptAfter", { label }) : t("versions.kept"),
    load: async () => parseWorkflow(text, t("versions.this")),
  }));
  const name = tab.saved?.name;
  const told = name === undefined ? [] : (await service.versions(name)).versions;
  const saved = told.map(({ version, created, owner, note }) => ({
    key: `version ${version}`,
    time: Date.parse(created),
    word: [t("versions.version", { version }), owner && owner !== "local" ? t("versions.by", { owner }) : "", note]
      .filter(Boolean)
      .join(", "),
    load: async () => (await service.workflow(name ?? "", version)).document as unknown as Workflow,
  }));
  return [...local, ...saved].sort((a, b) => b.time - a.time);
}

/** What is in a file, or what made it. */
export const inFile = (file: Blob, word: string): Past => ({ word, load: () => workflowIn(file, word) });

/**
 * Compares an older document with a newer one, which opens beside; or, where there is none, with what is looked at.
 *
 * @returns whether both could be had; else it has said what went wrong.
 */
export async function compare(before: Past, after: Past | null = null): Promise<boolean> {
  try {
    const [doc, later] = await Promise.all([before.load(), after?.load()]);
    if (later) openDocument(later);
    compareTab(activeTab().id, { doc, word: before.word });
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

/** A way into a subgraph from the outside, or null where no node stands for it. */
export function pathInto(doc: Workflow, subgraph: string | null): Path | null {
  if (subgraph === null) return [];
  const open: { part: Part; path: Path }[] = [{ part: doc, path: [] }];
  const seen = new Set<string>();
  for (let here = open.shift(); here; here = open.shift()) {
    for (const [name, node] of Object.entries(here.part.nodes ?? {})) {
      const inner = subgraphIn(node.type);
      if (inner === null || seen.has(inner)) continue;
      const path = [...here.path, name];
      if (inner === subgraph) return path;
      seen.add(inner);
      open.push({ part: doc.subgraphs?.[inner] ?? {}, path });
    }
  }
  return null;
}
