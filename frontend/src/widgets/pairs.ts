/** The points of a curve, in order of x; pure. */

export type Pair = readonly [number, number];

const APART = 0.001;

export function pairsOf(value: unknown): Pair[] {
  const found = (Array.isArray(value) ? value : []).filter(
    (each): each is Pair => Array.isArray(each) && each.length === 2 && each.every((part) => typeof part === "number"),
  );
  return found.length >= 2
    ? found
    : [
        [0, 0],
        [1, 1],
      ];
}

const bounded = (value: number, low = 0, high = 1) => Number(Math.min(Math.max(value, low), high).toFixed(4));

/** Moves a point, not past its neighbours. */
export function withMoved(points: readonly Pair[], index: number, [x, y]: Pair): Pair[] {
  const low = index > 0 ? (points[index - 1]?.[0] ?? 0) + APART : 0;
  const high = index < points.length - 1 ? (points[index + 1]?.[0] ?? 1) - APART : 1;
  return points.map((point, at) => (at === index ? [bounded(x, low, high), bounded(y)] : point));
}

export function withPoint(points: readonly Pair[], [x, y]: Pair): Pair[] {
  const near = points.some(([other]) => Math.abs(other - x) < APART);
  if (near) return [...points];
  return [...points, [bounded(x), bounded(y)] as Pair].sort((a, b) => a[0] - b[0]);
}
