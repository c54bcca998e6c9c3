/** The document as React Flow wants it. Derived, never kept: what has not changed stays the same object. */
import type { Edge, Node as FlowNode } from "@xyflow/react";
import { Position } from "@xyflow/react";
import type { Sockets } from "~/catalog/catalog";
import type { SocketFinder } from "~/catalog/sockets";
import { bendsOf, hasBends } from "~/doc/bends";
import { type Frame, framesOf, membersOf } from "~/doc/frames";
import {
  type Address,
  linkId,
  linksOf,
  type Node,
  type Part,
  type Point,
  positionOf,
  type Workflow,
  written,
} from "~/doc/model";
import { namesOf } from "~/doc/named";
import { boxesOf, FRAME, FrameMaker, foldedGeometry, hiddenIn } from "./framing";
import { type Geometry, geometryOf, SOCKET } from "./geometry";
import { strangerOf } from "./stranger";

export interface NodeData extends Record<string, unknown> {
  name: string;
  geometry: Geometry;
  sockets: Sockets;
}

export interface EdgeData extends Record<string, unknown> {
  colour: string;
  /** Nothing flows: an end is muted, or not there. */
  isDead: boolean;
  isBypassed: boolean;
  /** The points that it is led by. */
  bends: readonly Point[];
}

export interface FrameData extends Record<string, unknown> {
  frame: Frame;
  /** Of its sockets, where it is collapsed. */
  geometry: Geometry;
}

export type ShownNode = FlowNode<NodeData, "node">;
export type FrameNode = FlowNode<FrameData, "frame">;
export type CanvasNode = ShownNode | FrameNode;
export type CanvasEdge = Edge<EdgeData, "link">;

interface Size {
  width: number;
  height: number;
}

interface KnownNode {
  node: Node;
  sockets: Sockets;
  x: number;
  y: number;
  isSelected: boolean;
  isCollapsed: boolean;
  size: Size | undefined;
  geometry: Geometry;
  flow: ShownNode;
}

export interface Seen {
  part: Part;
  doc: Workflow;
  finder: SocketFinder;
  selected: ReadonlySet<string>;
  selectedLinks: ReadonlySet<string>;
  /** Where nodes are while they are dragged. */
  dragged: ReadonlyMap<string, Point>;
  /** Of these, copies are dragged: what takes from them takes from those that stay. */
  copying?: ReadonlySet<string>;
  /** What was measured on the screen. */
  sizes: ReadonlyMap<string, Size>;
}

export class FlowMaker {
  private known = new Map<string, KnownNode>();
  private edges = new Map<string, CanvasEdge>();
  private readonly frames = new FrameMaker();
  private hidden: ReadonlyMap<string, string> = new Map();
  private lastNodes: CanvasNode[] = [];
  private lastEdges: CanvasEdge[] = [];

  nodes(seen: Seen): CanvasNode[] {
    const known = new Map<string, KnownNode>();
    const frames = framesOf(seen.part);
    this.hidden = hiddenIn(frames);
    const found: CanvasNode[] = [];
    for (const [name, node] of Object.entries(seen.part.nodes ?? {})) {
      const entry = this.node(name, node, seen);
      known.set(name, entry);
      if (!this.hidden.has(name)) found.push(entry.flow);
    }
    this.known = known;
    if (frames.length > 0) found.unshift(...this.framed(frames, seen));
    if (!same(found, this.lastNodes)) this.lastNodes = found;
    return this.lastNodes;
  }

  /** A frame moves with its nodes where all of them are dragged; else it waits for those that may leave it. */
  private framed(frames: readonly Frame[], seen: Seen): CanvasNode[] {
    const folded = foldedGeometry(seen.part, seen.doc, seen.finder, this.hidden);
    const place = (isDragged: boolean) => (name: string) => {
      const known = this.known.get(name);
      if (!known) return null;
      const at = isDragged ? known : positionOf(seen.part, name);
      const { width, height } = known.flow.measured ?? known.geometry;
      return { x: at.x, y: at.y, width: width ?? 0, height: height ?? 0 };
    };
    const boxes = boxesOf(frames, place(false), folded);
    if (seen.dragged.size > 0) {
      const moved = boxesOf(frames, place(true), folded);
      for (const frame of frames) {
        const box = moved.get(frame.id);
        if (box && [...membersOf(frames, frame.id)].every((name) => seen.dragged.has(name))) boxes.set(frame.id, box);
      }
    }
    return this.frames.nodes(frames, boxes, folded);
  }

  links(seen: Seen): CanvasEdge[] {
    const edges = new Map<string, CanvasEdge>();
    const named = namesOf(seen.part);
    for (const { source, target } of linksOf(seen.part)) {
      const from = seen.part.nodes?.[source.node];
      if (!from) continue; // a problem of the field, there is nothing to draw
      const [outOf, into] = [this.hidden.get(source.node), this.hidden.get(target.node)];
      if (outOf !== undefined && outOf === into) continue;
      const id = linkId(target);
      const lit = isLit(seen, id, source.node, target.node);
      if (seen.copying?.has(source.node) && !seen.copying.has(target.node)) continue;
      if (!lit && named.has(written(source))) continue; // tags say it
      const to = seen.part.nodes?.[target.node];
      const output = this.known.get(source.node)?.sockets.outputs.find((each) => each.name === source.name);
      const colour = output ? seen.finder.catalog.colour(output.type) : "var(--problem)";
      const data = {
        colour,
        ...this.flowing(from, to, source, target),
        bends: hasBends(seen.part, target.node) ? this.bends(seen, source.node, target) : STRAIGHT,
      };
      const ends = [endOf(source, outOf), endOf(target, into)] as const;
      edges.set(id, this.edge(id, ...ends, data, lit));
    }
    this.edges = edges;
    const found = [...edges.values()];
    if (!same(found, this.lastEdges)) this.lastEdges = found;
    return this.lastEdges;
  }

  /** Whether nothing flows, or what flows goes past a bypassed node. */
  private flowing(from: Node, to: Node | undefined, source: Address, target: Address) {
    const passage = (node: string) => this.known.get(node)?.sockets.passage ?? {};
    const isBypassed = from.mode === "bypass" || to?.mode === "bypass";
    const isCut =
      (from.mode === "bypass" && passage(source.node)[source.name] === undefined) ||
      (to?.mode === "bypass" && !Object.values(passage(target.node)).includes(target.name));
    return { isDead: from.mode === "mute" || to?.mode === "mute" || isCut, isBypassed };
  }

  /** They stay while one end is dragged, and go along when both are. */
  private bends(seen: Seen, source: string, target: Address): Point[] {
    const corner = seen.dragged.has(source) ? seen.dragged.get(target.node) : undefined;
    return bendsOf(seen.part, target, corner);
  }

  private edge(id: string, source: Address, target: Address, data: EdgeData, selected: boolean): CanvasEdge {
    const known = this.edges.get(id);
    const isSame =
      known &&
      known.source === source.node &&
      known.sourceHandle === source.name &&
      known.target === target.node &&
      known.selected === selected &&
      known.data?.colour === data.colour &&
      known.data.isDead === data.isDead &&
      known.data.isBypassed === data.isBypassed &&
      alikePoints(known.data.bends, data.bends);
    if (isSame) return known;
    const ends = { source: source.node, sourceHandle: source.name, target: target.node, targetHandle: target.name };
    const reconnectable = target.node.startsWith(FRAME) ? false : ("target" as const);
    return { id, type: "link", ...ends, data, selected, reconnectable };
  }

  private node(name: string, node: Node, seen: Seen): KnownNode {
    const { x, y } = seen.dragged.get(name) ?? positionOf(seen.part, name);
    const sockets = seen.finder.of(node.type, seen.doc) ?? strangerOf(seen.part, name, node);
    const isSelected = seen.selected.has(name);
    const isCollapsed = seen.part.view?.nodes?.[name]?.collapsed === true;
    const size = seen.sizes.get(name);
    const known = this.known.get(name);
    const isFormed = known && known.node === node && known.sockets === sockets && known.isCollapsed === isCollapsed;
    const now = { node, sockets, x, y, isSelected, isCollapsed, size };
    if (isFormed && isAt(known, now)) return known;
    const fresh = isFormed ? known.geometry : geometryOf(sockets, node, isCollapsed);
    const geometry = known && alike(known.geometry, fresh) ? known.geometry : fresh;
    if (known && geometry === known.geometry && known.sockets === sockets && isAt(known, now)) {
      return { ...now, geometry, flow: known.flow };
    }
    return { ...now, geometry, flow: flowOf(name, now, geometry) };
  }
}

function isAt(known: KnownNode, now: Omit<KnownNode, "geometry" | "flow">): boolean {
  return known.x === now.x && known.y === now.y && known.isSelected === now.isSelected && known.size === now.size;
}

function flowOf(name: string, now: Omit<KnownNode, "geometry" | "flow">, geometry: Geometry): ShownNode {
  return {
    id: name,
    type: "node",
    position: { x: now.x, y: now.y },
    data: { name, geometry, sockets: now.sockets },
    selected: now.isSelected,
    width: geometry.width,
    measured: { width: geometry.width, height: now.size?.height ?? geometry.height },
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

const STRAIGHT: readonly Point[] = [];

function alikePoints(a: readonly Point[], b: readonly Point[]): boolean {
  return a === b || (a.length === b.length && a.every((each, at) => each.x === b[at]?.x && each.y === b[at]?.y));
}

/** Whether two geometries look the same, so that a typed letter moves nothing. */
function alike(a: Geometry, b: Geometry): boolean {
  return (
    a.height === b.height &&
    a.rows.length === b.rows.length &&
    a.rows.every((row, index) => {
      const other = b.rows[index];
      if (!other || row.kind !== other.kind || row.height !== other.height || row.input !== other.input) return false;
      if (row.kind === "sockets") return other.kind === "sockets" && row.output === other.output;
      return other.kind === "value" && row.isLinked === other.isLinked;
    })
  );
}

/** Where a link ends on the canvas: at a node, or at the collapsed frame that the node is in. */
function endOf(address: Address, frame: string | undefined): Address {
  return frame === undefined ? address : { node: FRAME + frame, name: written(address) };
}

function isLit(seen: Seen, id: string, source: string, target: string): boolean {
  return seen.selectedLinks.has(id) || seen.selected.has(source) || seen.selected.has(target);
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
