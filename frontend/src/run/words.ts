/** The words that are offered while a prompt is written. */
import { finder } from "~/catalog/store";
import { useKeeper } from "~/doc/keeping";
import type { Workflow } from "~/doc/model";
import { promptWords } from "~/doc/prompts";
import { useTabs } from "~/doc/tabs";
import { wordsOf } from "./tokens";

let kept: { tabs: string; docs: Promise<ReadonlyMap<string, Workflow>> } | null = null;

/** The documents that this browser keeps, read once for all prompts: what is open now is not among them. */
function keptDocs(): Promise<ReadonlyMap<string, Workflow>> {
  const tabs = useTabs.getState().tabs.map(({ id }) => id);
  const key = tabs.join(" ");
  if (kept?.tabs !== key) {
    const { keeper } = useKeeper.getState();
    if (!keeper) return Promise.resolve(new Map());
    const all = keeper.journal.all().catch(() => {
      kept = null; // read again, when they are next wanted
      return [];
    });
    const open = new Set(tabs);
    const docs = all.then((found) => new Map(found.filter(({ id }) => !open.has(id)).map(({ id, doc }) => [id, doc])));
    kept = { tabs: key, docs };
  }
  return kept.docs;
}

/** The words of the prompts that were ever open here, then those that a model knows. */
export async function knownWords(model: string | null): Promise<(readonly string[])[]> {
  const docs = await keptDocs();
  const open = useTabs.getState().tabs.map((tab) => tab.doc);
  return [promptWords(finder(), [...docs.values(), ...open]), model === null ? [] : await wordsOf(model)];
}
