/** A place for a new node that is not under another. */
import type { SocketFinder } from "~/catalog/sockets";
import { useCatalog } from "~/catalog/store";
import type { Part, Point, Workflow } from "~/doc/model";
import { activeTab, placeOfTab } from "~/doc/tabs";
import { WIDTH } from "./geometry";
import { type Rect, rectOf } from "./measure";
import { useCanvas } from "./state";

const BETWEEN = 72;
const APART = 24;
const HEIGHT = 200; // about, of a node
const PICTURED = 290; // of one with a picture

/** A free place beside a node. */
export function freeSpot(
  part: Part,
  doc: Workflow,
  finder: SocketFinder,
  beside: string,
  side: "after" | "before",
): Point {
  const rect = rectOf(part, doc, finder, useCanvas.getState().sizes, beside);
  if (!rect) return { x: 0, y: 0 };
  const x = side === "after" ? rect.x + rect.width + BETWEEN : rect.x - BETWEEN - WIDTH;
  return clearOf(part, doc, finder, { x, y: rect.y });
}

/** A free place below a node of the part that is looked at, for one that shows a picture. */
export function spotBelow(name: string): Point {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const { finder } = useCatalog.getState();
  const rect = rectOf(part, tab.doc, finder, useCanvas.getState().sizes, name);
  return rect
    ? clearOf(part, tab.doc, finder, { x: rect.x, y: rect.y + rect.height + APART }, PICTURED)
    : { x: 0, y: 0 };
}

/** The first free place at a point, or below it. */
export function clearOf(part: Part, doc: Workflow, finder: SocketFinder, at: Point, height = HEIGHT): Point {
  const { sizes } = useCanvas.getState();
  const rects = Object.keys(part.nodes ?? {})
    .map((name) => rectOf(part, doc, finder, sizes, name))
    .filter((rect) => rect !== null)
    .sort((a, b) => a.y - b.y);
  const isOver = (rect: Rect, y: number) =>
    at.x < rect.x + rect.width + APART &&
    at.x + WIDTH + APART > rect.x &&
    y < rect.y + rect.height + APART &&
    y + height > rect.y;
  let { y } = at;
  for (const rect of rects) if (isOver(rect, y)) y = rect.y + rect.height + APART;
  return { x: at.x, y };
}
