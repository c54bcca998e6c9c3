/** Where nodes come, and going from one to the next, without a mouse too. */

import { linkElement, nodeElement } from "~/canvas/elements";
import { rectOf } from "~/canvas/measure";
import { add } from "~/canvas/Palette";
import { clearOf, freeSpot } from "~/canvas/spot";
import { openMenu, pointer, shownView, useCanvas, usePalette } from "~/canvas/state";
import type { Sockets } from "~/catalog/catalog";
import { useCatalog } from "~/catalog/store";
import { aligned, type Box, spread } from "~/doc/align";
import { moveNode } from "~/doc/edit";
import { type Point, positionOf } from "~/doc/model";
import { activeTab, edit, placeOfTab, select } from "~/doc/tabs";
import { t } from "~/i18n/language";

/** Opens the list of nodes: for a place under the hand, else beside what is selected. */
export function addFrom(): void {
  const view = shownView();
  if (!view) return;
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const { finder } = useCatalog.getState();
  const isOver = pointer.x > 0 && document.elementFromPoint(pointer.x, pointer.y)?.closest(".canvas") != null;
  const at = isOver ? { ...pointer } : { x: innerWidth / 2 - 170, y: innerHeight / 4 };
  const one = [...tab.nodes].find((name) => part.nodes?.[name]);
  const link = [...tab.links][0] ?? null;
  const free = one && !isOver ? freeSpot(part, tab.doc, finder, one, "after") : null;
  const to = free ?? clearOf(part, tab.doc, finder, isOver ? view.toCanvas(at) : view.middle());
  usePalette.setState({ request: { at, to: { x: to.x, y: to.y + 20 }, plug: null, link } });
}

/** Selects the next node, as one reads: from left to right, then down. */
export function stepNode(by: number): void {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const places = Object.keys(part.nodes ?? {}).map((name) => ({ name, ...positionOf(part, name) }));
  places.sort((a, b) => a.x - b.x || a.y - b.y);
  const now = places.findIndex(({ name }) => tab.nodes.has(name));
  const next = places[(now + by + places.length) % places.length] ?? places[0];
  if (!next) return;
  select([next.name]);
  shownView()?.reveal(next.name);
}

/** Goes into the first field of the selected node; Escape comes back. */
export function editFirstField(): boolean {
  const name = [...activeTab().nodes][0];
  if (name === undefined) return false;
  const field = nodeElement(name)?.querySelector<HTMLElement>(".row :is(input, textarea, button)");
  field?.focus();
  return field !== undefined && field !== null;
}

export function align(axis: "x" | "y"): void {
  place(t("did.align"), (boxes) => aligned(boxes, axis));
}

export function distribute(axis: "x" | "y"): void {
  place(t("did.distribute"), (boxes) => spread(boxes, axis));
}

function place(label: string, how: (boxes: Map<string, Box>) => Map<string, Point>): void {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const { finder } = useCatalog.getState();
  const { sizes } = useCanvas.getState();
  const boxes = new Map<string, Box>();
  for (const name of tab.nodes) {
    const rect = rectOf(part, tab.doc, finder, sizes, name);
    if (rect) boxes.set(name, rect);
  }
  if (boxes.size < 2) return;
  edit(label, (draft) => {
    for (const [name, point] of how(boxes)) moveNode(draft, name, point);
  });
}

/** Adds a node beside another, and plugs it into one of its outputs. */
export function addAfter(name: string, { node, output, type }: { node: Sockets; output: string; type: string }): void {
  const tab = activeTab();
  const { finder } = useCatalog.getState();
  const to = freeSpot(placeOfTab(tab).part, tab.doc, finder, name, "after");
  const plug = { node: name, name: output, type, isSource: true };
  add(finder.catalog, node, { to: { x: to.x, y: to.y + 20 }, plug, link: null });
}

/** Opens the menu of what is selected, where it is on the screen; of the canvas where nothing is. */
export function openMenuOfSelection(): void {
  const tab = activeTab();
  const [node] = tab.nodes;
  const [link] = tab.links;
  const element = node !== undefined ? nodeElement(node) : link !== undefined ? linkElement(link) : null;
  const box = (element ?? document.querySelector(".canvas"))?.getBoundingClientRect() ?? new DOMRect();
  const at = { x: box.x + box.width / 2, y: box.y + Math.min(box.height / 2, 24) };
  if (node !== undefined) openMenu({ kind: "node", node }, at);
  else if (link !== undefined) openMenu({ kind: "link", link }, { x: at.x, y: box.y + box.height / 2 });
  else openMenu({ kind: "canvas" }, { x: at.x, y: box.y + box.height / 3 });
}
