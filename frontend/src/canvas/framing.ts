/** Frames on the canvas: where they are, what a collapsed one shows, and who is in which after a drag. */
import { Position } from "@xyflow/react";
import type { SocketFinder } from "~/catalog/sockets";
import { chainOf, type Frame, frameOf, framesOf, joinFrame, membersOf, nestFrame } from "~/doc/frames";
import { type Address, linksOf, type Part, type Point, type Workflow, written } from "~/doc/model";
import type { FrameNode } from "./flow";
import { GAP, type Geometry, type Handle, HEAD, PAD, SOCKET, WIDTH } from "./geometry";
import { around, centre, isInside, type Rect } from "./measure";

export const FRAME = "frame:";
const PADDING = 24; // a multiple of the grid, as the head: a dragged frame does not jump
const TOP = 40;
const LINE = 24;

export type RectOf = (node: string) => Rect | null;

/** By frame, where it is; a collapsed one is as large as what it shows. */
export function boxesOf(
  frames: readonly Frame[],
  rectOf: RectOf,
  folded: ReadonlyMap<string, Geometry>,
): Map<string, Rect> {
  const boxes = new Map<string, Rect>();
  const open = new Set<string>();
  const boxOf = (frame: Frame): Rect | null => {
    const known = boxes.get(frame.id);
    if (known || open.has(frame.id)) return known ?? null;
    open.add(frame.id);
    const inner = frames.filter((each) => each.parent === frame.id).map(boxOf);
    const whole = around([...frame.nodes.map(rectOf), ...inner].filter((each) => each !== null));
    if (!whole) return null;
    const at = { x: whole.x - PADDING, y: whole.y - TOP };
    const size = folded.get(frame.id) ?? { width: whole.width + 2 * PADDING, height: whole.height + TOP + PADDING };
    const box = { ...at, width: size.width, height: size.height };
    boxes.set(frame.id, box);
    return box;
  };
  for (const frame of frames) boxOf(frame);
  return boxes;
}

/** By node, the outermost collapsed frame that it is in. */
export function hiddenIn(frames: readonly Frame[]): Map<string, string> {
  const hidden = new Map<string, string>();
  if (!frames.some((each) => each.isCollapsed)) return hidden;
  for (const frame of frames) {
    const outermost = chainOf(frames, frame.id).findLast((each) => each.isCollapsed);
    if (outermost) for (const node of frame.nodes) hidden.set(node, outermost.id);
  }
  return hidden;
}

interface Border {
  inputs: Address[];
  outputs: Map<string, Address>;
}

/** What a collapsed frame shows: a socket for each link over its border. */
export function foldedGeometry(
  part: Part,
  doc: Workflow,
  finder: SocketFinder,
  hidden: ReadonlyMap<string, string>,
): Map<string, Geometry> {
  const sides = new Map<string, Border>();
  const sideOf = (frame: string) => {
    const known: Border = sides.get(frame) ?? { inputs: [], outputs: new Map() };
    sides.set(frame, known);
    return known;
  };
  for (const frame of hidden.values()) sideOf(frame);
  for (const { source, target } of linksOf(part)) {
    const [from, to] = [hidden.get(source.node), hidden.get(target.node)];
    if (from === to) continue;
    if (from !== undefined) sideOf(from).outputs.set(written(source), source);
    if (to !== undefined) sideOf(to).inputs.push(target);
  }
  const geometries = new Map<string, Geometry>();
  for (const [frame, { inputs, outputs }] of sides) {
    const handles = [
      ...inputs.map((each, at) => handleOf(each, at, false, finder.input(part, each.node, each.name, doc)?.type)),
      ...[...outputs.values()].map((each, at) =>
        handleOf(each, at, true, finder.output(part, each.node, each.name, doc)?.type),
      ),
    ];
    const lines = Math.max(inputs.length, outputs.size);
    const height = HEAD + (lines > 0 ? GAP + lines * LINE + PAD : 0);
    geometries.set(frame, { width: WIDTH, height, rows: [], handles });
  }
  return geometries;
}

function handleOf(address: Address, line: number, isSource: boolean, type = "Any"): Handle {
  const y = HEAD + GAP + line * LINE + LINE / 2;
  return { id: written(address), isSource, x: isSource ? WIDTH : 0, y, type };
}

/** The frames as React Flow wants them; one that has not changed stays the same object. */
export class FrameMaker {
  private known = new Map<string, FrameNode>();

  nodes(
    frames: readonly Frame[],
    boxes: ReadonlyMap<string, Rect>,
    folded: ReadonlyMap<string, Geometry>,
  ): FrameNode[] {
    const known = new Map<string, FrameNode>();
    for (const frame of frames) {
      const box = boxes.get(frame.id);
      const chain = chainOf(frames, frame.id);
      if (!box || chain.slice(1).some((each) => each.isCollapsed)) continue; // it is in a collapsed one
      known.set(frame.id, this.node(frame, box, chain.length, folded.get(frame.id) ?? null));
    }
    this.known = known;
    return [...known.values()];
  }

  private node(frame: Frame, box: Rect, depth: number, folded: Geometry | null): FrameNode {
    const before = this.known.get(frame.id);
    const geometry = folded ?? { width: box.width, height: box.height, rows: [], handles: [] };
    const isSame =
      before &&
      before.data.frame === frame &&
      before.position.x === box.x &&
      before.position.y === box.y &&
      before.width === box.width &&
      before.height === box.height &&
      JSON.stringify(before.data.geometry.handles) === JSON.stringify(geometry.handles);
    return isSame ? before : frameNode(frame, box, depth, geometry);
  }
}

function frameNode(frame: Frame, box: Rect, depth: number, geometry: Geometry): FrameNode {
  return {
    id: FRAME + frame.id,
    type: "frame",
    position: { x: box.x, y: box.y },
    data: { frame, geometry },
    width: box.width,
    height: box.height,
    measured: { width: box.width, height: box.height },
    zIndex: frame.isCollapsed ? 0 : -1_000 + depth,
    dragHandle: ".frame-head",
    selectable: false,
    focusable: false,
    connectable: frame.isCollapsed,
    style: { pointerEvents: frame.isCollapsed ? "all" : "none" },
    handles: geometry.handles.map((handle) => ({
      id: handle.id,
      type: handle.isSource ? "source" : "target",
      position: handle.isSource ? Position.Right : Position.Left,
      x: handle.x - SOCKET / 2,
      y: handle.y - SOCKET / 2,
      width: SOCKET,
      height: SOCKET,
    })),
  };
}

/** Where the nodes of a frame go when it is moved by so much. */
export function carried(part: Part, id: string, by: Point, positionOf: (node: string) => Point): Map<string, Point> {
  const members = membersOf(framesOf(part), id);
  return new Map(
    [...members].map((name) => {
      const { x, y } = positionOf(name);
      return [name, { x: x + by.x, y: y + by.y }];
    }),
  );
}

/**
 * After a drag, puts what was dragged into the frames that it lies in, by its middle; `boxes` are those of before.
 *
 * A frame whose nodes were all dragged goes as one.
 */
export function settle(
  part: Parameters<typeof joinFrame>[0],
  frames: readonly Frame[],
  dragged: ReadonlySet<string>,
  boxes: ReadonlyMap<string, Rect>,
  rectOf: RectOf,
): void {
  if (frames.length === 0) return;
  const whole = frames.filter((each) => [...membersOf(frames, each.id)].every((name) => dragged.has(name)));
  const wholeIds = new Set(whole.map((each) => each.id));
  const still = frames.filter((each) => !wholeIds.has(each.id) && !each.isCollapsed);
  const under = (rect: Rect | null) => {
    const found = rect
      ? still.filter((each) => boxes.has(each.id) && isInside(centre(rect), boxes.get(each.id) ?? rect))
      : [];
    return found.sort((a, b) => chainOf(frames, b.id).length - chainOf(frames, a.id).length)[0]?.id ?? null;
  };
  for (const frame of whole) {
    if (frame.parent !== null && wholeIds.has(frame.parent)) continue;
    const target = under(around([...membersOf(frames, frame.id)].map(rectOf).filter((each) => each !== null)));
    if (target !== frame.parent) nestFrame(part, frame.id, target);
  }
  for (const name of dragged) {
    const before = frameOf(frames, name);
    if (before !== null && wholeIds.has(before)) continue;
    const target = under(rectOf(name));
    if (target !== before) joinFrame(part, name, target);
  }
}
