/** The line of a link, through the points that it was led by. */
import type { Point } from "~/doc/model";

const LEAST = 24;

export function routeOf(from: Point, through: readonly Point[], to: Point): string {
  let here = from;
  let path = `M${from.x} ${from.y}`;
  for (const next of [...through, to]) {
    const isDirect = through.length === 0;
    const bend = isDirect
      ? Math.max(Math.abs(next.x - here.x) / 2, 40)
      : Math.max(Math.abs(next.x - here.x) / 2, Math.min(LEAST, Math.hypot(next.x - here.x, next.y - here.y) / 3));
    path += `C${here.x + bend} ${here.y} ${next.x - bend} ${next.y} ${next.x} ${next.y}`;
    here = next;
  }
  return path;
}

/** Which place among the points of a link a new one takes: that of the stretch that it lies nearest to. */
export function placeAmong(from: Point, through: readonly Point[], to: Point, point: Point): number {
  const stops = [from, ...through, to];
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (let at = 0; at + 1 < stops.length; at++) {
    const far = distance(stops[at] ?? from, stops[at + 1] ?? to, point);
    if (far < least) [best, least] = [at, far];
  }
  return best;
}

function distance(a: Point, b: Point, point: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = ((point.x - a.x) * dx + (point.y - a.y) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.max(0, Math.min(1, along));
  return Math.hypot(a.x + share * dx - point.x, a.y + share * dy - point.y);
}
