/** What concerns the canvas only, and lasts no longer than the page: sizes, drags, what is being connected. */
import { create } from "zustand";
import type { Address, Point } from "~/doc/model";

export interface Plug {
  node: string;
  name: string;
  type: string;
  isSource: boolean;
}

interface CanvasState {
  dragged: ReadonlyMap<string, Point>;
  sizes: ReadonlyMap<string, { width: number; height: number }>;
  /** The socket that a link is being drawn from. */
  plug: Plug | null;
  /** The nodes of which copies are dragged. */
  copying: ReadonlySet<string>;
  /** The frame whose name is being written. */
  renaming: string | null;
  /** The output that is being given a name. */
  naming: Address | null;
  /** The link that a hand leads, and its points. */
  bending: { link: string; points: readonly Point[] } | null;
}

const NO_POINTS: ReadonlyMap<string, Point> = new Map();

export const useCanvas = create<CanvasState>()(() => ({
  dragged: NO_POINTS,
  sizes: new Map(),
  plug: null,
  copying: new Set(),
  renaming: null,
  naming: null,
  bending: null,
}));

export function drop(): void {
  useCanvas.setState({ dragged: NO_POINTS });
}

export interface PaletteRequest {
  /** On the screen. */
  at: Point;
  /** On the canvas, where the node comes. */
  to: Point;
  /** The socket that the new node shall fit. */
  plug: Plug | null;
  /** The link that the new node goes into. */
  link: string | null;
}

export const usePalette = create<{ request: PaletteRequest | null }>()(() => ({ request: null }));

/** The output whose value is shown, and where on the screen. */
export interface Look {
  source: Address;
  type: string;
  at: Point;
}

export const useLook = create<{ look: Look | null }>()(() => ({ look: null }));

/** What a menu is of; where it stands on the screen. */
export type MenuOf =
  | { kind: "canvas" }
  | { kind: "node"; node: string }
  | { kind: "link"; link: string }
  | { kind: "frame"; frame: string }
  | { kind: "socket"; node: string; name: string; isSource: boolean };

export const useMenu = create<{ menu: { of: MenuOf; at: Point } | null }>()(() => ({ menu: null }));

export function openMenu(of: MenuOf, at: Point): void {
  useMenu.setState({ menu: { of, at } });
}

/** What is picked from a list: a link of the selected node, or a node of the document. */
export const usePicker = create<{ kind: "connect" | "find" | null }>()(() => ({ kind: null }));

/** The flow instance of the canvas that is shown, for what commands ask of it. */
export interface View {
  toCanvas(screen: Point): Point;
  middle(): Point;
  fit(nodes?: readonly string[]): void;
  /** Moves as far as a node is seen. */
  reveal(node: string): void;
  zoom(by: number | "actual"): void;
}

let view: View | null = null;
export const shownView = () => view;
export function showView(next: View | null): void {
  view = next;
}

export const pointer: Point = { x: 0, y: 0 };
