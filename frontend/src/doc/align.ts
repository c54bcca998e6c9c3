/** Lining up and spreading boxes. */
import type { Point } from "./model";

export interface Box extends Point {
  width: number;
  height: number;
}

/** Where boxes go so that they begin at the same place as the first of them. */
export function aligned(boxes: ReadonlyMap<string, Box>, axis: "x" | "y"): Map<string, Point> {
  const first = Math.min(...[...boxes.values()].map((box) => box[axis]));
  return new Map([...boxes].map(([name, { x, y }]) => [name, axis === "x" ? { x: first, y } : { x, y: first }]));
}

/** Where boxes go so that the gaps between them are the same; the outermost stay. */
export function spread(boxes: ReadonlyMap<string, Box>, axis: "x" | "y"): Map<string, Point> {
  const extent = axis === "x" ? "width" : "height";
  const sorted = [...boxes].sort(([, a], [, b]) => a[axis] - b[axis]);
  const [first, last] = [sorted[0]?.[1], sorted.at(-1)?.[1]];
  if (!first || !last) return new Map();
  const filled = sorted.reduce((sum, [, box]) => sum + box[extent], 0);
  const gap = (last[axis] + last[extent] - first[axis] - filled) / Math.max(1, sorted.length - 1);
  let at = first[axis];
  return new Map(
    sorted.map(([name, box]) => {
      const point = axis === "x" ? { x: at, y: box.y } : { x: box.x, y: at };
      at += box[extent] + gap;
      return [name, point];
    }),
  );
}
