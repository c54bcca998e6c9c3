/** Where one looks when a document is opened: where one looked last, else at all of it. */
import { getViewportForBounds, type Viewport } from "@xyflow/react";
import type { Part } from "~/doc/model";
import { positionOf } from "~/doc/model";
import { useLayout } from "~/ui/layout";
import { WIDTH } from "./geometry";

const HEIGHT = 220; // about, of a node
const PADDING = 0.1;
export const LEAST_ZOOM = 0.08;
export const MOST_ZOOM = 2.5;

const known = new Map<string, Viewport>();

export function remember(place: string, viewport: Viewport): void {
  known.set(place, viewport);
}

/** Known before anything is drawn, so that nothing is drawn at the wrong size first. */
export function viewportFor(place: string, part: Part): Viewport {
  const before = known.get(place);
  if (before) return before;
  const places = Object.keys(part.nodes ?? {}).map((name) => positionOf(part, name));
  if (places.length === 0) return { x: 0, y: 0, zoom: 1 };
  const [xs, ys] = [places.map(({ x }) => x), places.map(({ y }) => y)];
  const [left, top] = [min(xs), min(ys)];
  const bounds = { x: left, y: top, width: max(xs) - left + WIDTH, height: max(ys) - top + HEIGHT };
  const { width, height } = roomOf();
  return getViewportForBounds(bounds, width, height, LEAST_ZOOM, 1, PADDING);
}

const min = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b));
const max = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b));

function roomOf(): { width: number; height: number } {
  const box = document.querySelector("main")?.getBoundingClientRect();
  if (box && box.width > 0) return box;
  const { inspector, dock } = useLayout.getState();
  return { width: innerWidth - 42 - (inspector ? 310 : 0), height: innerHeight - 40 - (dock ? 150 : 26) };
}
