/** Where nodes are and how large, without looking at the page. */
import type { SocketFinder } from "~/catalog/sockets";
import { type Part, type Point, positionOf, type Workflow } from "~/doc/model";
import { geometryOf } from "./geometry";
import { strangerOf } from "./stranger";

export interface Rect extends Point {
  width: number;
  height: number;
}

type Sizes = ReadonlyMap<string, { width: number; height: number }>;

/** Where a node is; as high as it was measured, where it was. */
export function rectOf(part: Part, doc: Workflow, finder: SocketFinder, sizes: Sizes, name: string): Rect | null {
  return rectWith(part, doc, finder, name, sizes.get(name)?.height);
}

export function rectWith(
  part: Part,
  doc: Workflow,
  finder: SocketFinder,
  name: string,
  measured?: number,
): Rect | null {
  const node = part.nodes?.[name];
  if (!node) return null;
  const sockets = finder.of(node.type, doc) ?? strangerOf(part, name, node);
  const { width, height } = geometryOf(sockets, node, part.view?.nodes?.[name]?.collapsed === true);
  return { ...positionOf(part, name), width, height: measured ?? height };
}

export function around(rects: readonly Rect[]): Rect | null {
  if (rects.length === 0) return null;
  const x = Math.min(...rects.map((each) => each.x));
  const y = Math.min(...rects.map((each) => each.y));
  const right = Math.max(...rects.map((each) => each.x + each.width));
  const bottom = Math.max(...rects.map((each) => each.y + each.height));
  return { x, y, width: right - x, height: bottom - y };
}

export const isInside = (point: Point, rect: Rect) =>
  point.x >= rect.x && point.x <= rect.x + rect.width && point.y >= rect.y && point.y <= rect.y + rect.height;

export const centre = (rect: Rect): Point => ({ x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 });
