/** Laying out by ELK, which is loaded when it is first asked for, and works in a worker. */
import type { ELK } from "elkjs/lib/elk-api";
import { finder } from "~/catalog/store";
import { moveNode } from "~/doc/edit";
import { positionOf } from "~/doc/model";
import { activeTab, edit, placeOfTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { layoutGraph, placesIn } from "./layoutGraph";
import { useCanvas } from "./state";

let elk: ELK | null = null;

async function engine(): Promise<ELK> {
  if (elk) return elk;
  const [{ default: Elk }, { default: url }] = await Promise.all([
    import("elkjs/lib/elk-api.js"),
    import("elkjs/lib/elk-worker.min.js?url"),
  ]);
  elk = new Elk({ workerFactory: () => new Worker(url) });
  return elk;
}

/** Lays out what is selected, or all; one step to undo. */
export async function layOut(): Promise<void> {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const names = tab.nodes.size > 1 ? [...tab.nodes] : Object.keys(part.nodes ?? {});
  if (names.length < 2) return;
  const graph = layoutGraph(part, tab.doc, finder(), useCanvas.getState().sizes, names);
  const places = placesIn(await (await engine()).layout(graph));
  const corner = (axis: "x" | "y") => Math.min(...names.map((name) => positionOf(part, name)[axis]));
  const [left, top] = [corner("x"), corner("y")];
  edit(t("did.layOut"), (draft) => {
    for (const [name, { x, y }] of places) if (draft.nodes?.[name]) moveNode(draft, name, { x: left + x, y: top + y });
  });
}
