/**
 * Points that a link goes through, for the eye only. They stand in the view of the node that the link ends at, from
 * its corner, so that they go where it goes: copied, pasted, into a subgraph and out of it.
 */
import type { PartDraft } from "./edit";
import { type Address, type Part, type Point, positionOf } from "./model";

type Bends = Record<string, [number, number][]>;

function writtenAt(part: Part, node: string): Bends {
  const found = part.view?.nodes?.[node]?.bends;
  return found !== null && typeof found === "object" ? (found as Bends) : {};
}

/** The points of a link on the canvas, from its source on. */
export function bendsOf(part: Part, target: Address, corner: Point = positionOf(part, target.node)): Point[] {
  const points = writtenAt(part, target.node)[target.name];
  if (!Array.isArray(points)) return [];
  return points.filter(Array.isArray).map(([x, y]) => ({ x: corner.x + Number(x), y: corner.y + Number(y) }));
}

export function setBends(part: PartDraft, target: Address, points: readonly Point[]): void {
  const corner = positionOf(part as Part, target.node);
  const { [target.name]: _, ...rest } = writtenAt(part as Part, target.node);
  const bends: Bends = { ...rest };
  if (points.length > 0)
    bends[target.name] = points.map(({ x, y }) => [Math.round(x - corner.x), Math.round(y - corner.y)]);
  const place = part.view?.nodes?.[target.node];
  if (!place) return;
  if (Object.keys(bends).length > 0) place.bends = bends;
  else delete place.bends;
}

export function hasBends(part: Part, node: string): boolean {
  return part.view?.nodes?.[node]?.bends !== undefined;
}
