/** What commands do to the selection and the document that is looked at. */

import { pointer, shownView } from "~/canvas/state";
import { useCatalog } from "~/catalog/store";
import { clipText, copy, paste, readClip } from "~/doc/clipboard";
import { disconnect, removeNodes, setLook, setMode } from "~/doc/edit";
import { addressOf, linkId, linksOf, type Point } from "~/doc/model";
import { activeTab, edit, placeOfTab, select } from "~/doc/tabs";

/** Removes what is selected; chains stay whole where a removed node could have been bypassed. */
export function removeSelected(isRejoining: boolean): void {
  const tab = activeTab();
  const { finder } = useCatalog.getState();
  const { part } = placeOfTab(tab);
  if (tab.nodes.size === 0 && tab.links.size === 0) return;
  const passage = (node: string) => finder.of(part.nodes?.[node]?.type ?? "", tab.doc)?.passage ?? null;
  const known = new Set([...linksOf(part)].map(({ target }) => linkId(target)));
  edit(tab.nodes.size ? "Delete" : "Delete links", (draft) => {
    for (const id of tab.links) if (known.has(id)) disconnect(draft, addressOf(id));
    removeNodes(draft, tab.nodes, isRejoining ? passage : undefined);
  });
  select([]);
}

export function toggleMode(mode: "bypass" | "mute"): void {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const names = [...tab.nodes];
  const isOn = names.length > 0 && names.every((name) => part.nodes?.[name]?.mode === mode);
  edit(isOn ? "Run again" : mode === "bypass" ? "Bypass" : "Mute", (draft) =>
    setMode(draft, names, isOn ? "run" : mode),
  );
}

export function toggleCollapsed(): void {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const isFolded = [...tab.nodes].every((name) => part.view?.nodes?.[name]?.collapsed === true);
  edit(isFolded ? "Unfold" : "Fold", (draft) => {
    for (const name of tab.nodes) setLook(draft, name, "collapsed", isFolded ? undefined : true);
  });
}

export function selectAll(): void {
  select(Object.keys(placeOfTab(activeTab()).part.nodes ?? {}));
}

export function clipSelected(): string | null {
  const tab = activeTab();
  return tab.nodes.size === 0 ? null : clipText(copy(tab.doc, placeOfTab(tab).part, tab.nodes));
}

/** Pastes nodes under the hand; returns whether the text was some. */
export function pasteText(text: string, withIncoming: boolean): boolean {
  const clip = readClip(text);
  const view = shownView();
  if (!clip || !view) return false;
  const under = document.elementFromPoint(pointer.x, pointer.y)?.closest(".canvas");
  pasteClip(text, under ? view.toCanvas(pointer) : view.middle(), withIncoming, "Paste");
  return true;
}

export function duplicate(withIncoming = true): void {
  const tab = activeTab();
  const text = clipSelected();
  if (!text) return;
  const { part } = placeOfTab(tab);
  const places = [...tab.nodes].map((name) => part.view?.nodes?.[name] ?? {});
  const xs = places.map((place) => Number(place.x ?? 0));
  const ys = places.map((place) => Number(place.y ?? 0));
  const middle = { x: (Math.min(...xs) + Math.max(...xs)) / 2 + 32, y: (Math.min(...ys) + Math.max(...ys)) / 2 + 32 };
  pasteClip(text, middle, withIncoming, "Duplicate");
}

function pasteClip(text: string, at: Point, withIncoming: boolean, label: string): void {
  const clip = readClip(text);
  let names: string[] = [];
  if (!clip) return;
  edit(label, (part, doc) => {
    names = [...paste(doc, part, clip, { at, withIncoming }).values()];
  });
  select(names);
}
