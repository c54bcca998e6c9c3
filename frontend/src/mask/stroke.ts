/** How a brush moves: from where the hand was to where it is, in dabs; pure. */
import type { Point } from "~/doc/model";

export interface Brush {
  /** The diameter in pixels of the picture. */
  size: number;
  /** How much of the radius is soft, 0 to 1. */
  soft: number;
  isErasing: boolean;
}

export interface Dab extends Point {
  radius: number;
}

/** The share of a brush's size at a pressure; only pens tell one. */
export function pressed(event: { pointerType: string; pressure: number }): number {
  return event.pointerType === "pen" ? Math.max(event.pressure, 0.05) : 1;
}

/**
 * The dabs between two places, the first excluded.
 *
 * @param rest the way since the last dab, in pixels.
 */
export function dabs(from: Dab, to: Dab, rest: number): { dabs: Dab[]; rest: number } {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  const found: Dab[] = [];
  let at = -rest;
  for (;;) {
    const share = length === 0 ? 1 : Math.max(at, 0) / length;
    at += Math.max(1, (from.radius + (to.radius - from.radius) * share) / 4);
    if (at > length) break;
    const done = at / length;
    const radius = from.radius + (to.radius - from.radius) * done;
    found.push({ x: from.x + dx * done, y: from.y + dy * done, radius });
  }
  const last = found.at(-1);
  return { dabs: found, rest: last ? Math.hypot(to.x - last.x, to.y - last.y) : rest + length };
}

/** Where a place on the screen is in a picture that is shown in a box. */
export function inPicture(event: Point, box: { left: number; top: number; width: number }, width: number): Point {
  const scale = width / box.width;
  return { x: (event.x - box.left) * scale, y: (event.y - box.top) * scale };
}
