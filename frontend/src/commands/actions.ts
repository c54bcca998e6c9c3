/** What commands do to the selection and the document that is looked at. */

import { pointer, shownView, useCanvas } from "~/canvas/state";
import { useCatalog } from "~/catalog/store";
import { clipText, copy, paste, readClip } from "~/doc/clipboard";
import { disconnect, removeNodes, setLook, setMode } from "~/doc/edit";
import { addFrame } from "~/doc/frames";
import { addressOf, linkId, linksOf, type Point, subgraphIn } from "~/doc/model";
import { detour, makeSubgraph, unpackSubgraph, whyNotUnpacked } from "~/doc/subgraph";
import { activeTab, edit, goTo, placeOfTab, select } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { say } from "~/ui/notices";

/** Removes what is selected; chains stay whole where a removed node could have been bypassed. */
export function removeSelected(isRejoining: boolean): void {
  const tab = activeTab();
  const { finder } = useCatalog.getState();
  const { part } = placeOfTab(tab);
  if (tab.nodes.size === 0 && tab.links.size === 0) return;
  const passage = (node: string) => finder.of(part.nodes?.[node]?.type ?? "", tab.doc)?.passage ?? null;
  const known = new Set([...linksOf(part)].map(({ target }) => linkId(target)));
  edit(tab.nodes.size ? t("did.delete") : t("did.deleteLinks"), (draft) => {
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
  edit(isOn ? t("did.runAgain") : mode === "bypass" ? t("did.bypass") : t("did.mute"), (draft) =>
    setMode(draft, names, isOn ? "run" : mode),
  );
}

export function toggleCollapsed(): void {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const isFolded = [...tab.nodes].every((name) => part.view?.nodes?.[name]?.collapsed === true);
  edit(isFolded ? t("did.unfold") : t("did.fold"), (draft) => {
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
  pasteClip(text, under ? view.toCanvas(pointer) : view.middle(), withIncoming, t("did.paste"));
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
  pasteClip(text, middle, withIncoming, t("did.duplicate"));
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

/** Makes one node of those that are selected. */
export function makeSubgraphOfSelected(): void {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const names = new Set([...tab.nodes].filter((name) => part.nodes?.[name]));
  if (names.size === 0) return;
  const between = detour(part, names);
  if (between !== null) {
    say(t("says.circle", { title: part.nodes?.[between]?.title || between }), "problem");
    return;
  }
  let made = "";
  edit(t("did.makeSubgraph"), (draft, doc) => {
    made = makeSubgraph(doc, draft, names, t("inspector.subgraph"));
  });
  select([made]);
}

/** Replaces the selected nodes that stand for subgraphs by what is in them. */
export function unpackSelected(): void {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const names = [...tab.nodes].filter((name) => subgraphIn(part.nodes?.[name]?.type) !== null);
  const reason = names.map((name) => whyNotUnpacked(tab.doc, part.nodes?.[name])).find((each) => each !== null);
  if (reason) say(t(`says.unpack.${reason}`), "problem");
  if (reason || names.length === 0) return;
  let added: string[] = [];
  edit(t("did.unpack"), (draft, doc) => {
    added = names.flatMap((name) => unpackSubgraph(doc, draft, name));
  });
  select(added);
}

/** Enters the subgraph that the selected node stands for; returns whether it does. */
export function enterSelected(): boolean {
  const tab = activeTab();
  const name = [...tab.nodes][0];
  if (!name || subgraphIn(placeOfTab(tab).part.nodes?.[name]?.type) === null) return false;
  goTo([...tab.path, name]);
  return true;
}

export const isSubgraphSelected = (): boolean => {
  const tab = activeTab();
  return [...tab.nodes].some((name) => subgraphIn(placeOfTab(tab).part.nodes?.[name]?.type) !== null);
};

/** Puts a frame around what is selected, and asks for its name. */
export function frameSelected(): void {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const names = new Set([...tab.nodes].filter((name) => part.nodes?.[name]));
  if (names.size === 0) return;
  let renaming = "";
  edit(t("did.frame"), (draft) => {
    renaming = addFrame(draft, names, "");
  });
  useCanvas.setState({ renaming });
}
