/** Nodes and frames moved by hands and keys, and what that means to the document when they rest. */
import type { NodeChange } from "@xyflow/react";
import type { MouseEvent } from "react";
import { useCatalog } from "~/catalog/store";
import { bendsOf, hasBends, setBends } from "~/doc/bends";
import { copy, paste } from "~/doc/clipboard";
import { insertIntoLink, moveNode } from "~/doc/edit";
import { framesOf } from "~/doc/frames";
import { type Address, linkId, linksOf, type Part, type Point, positionOf, sourceOf } from "~/doc/model";
import { activeTab, edit, NOTHING, placeOfTab, select } from "~/doc/tabs";
import { t } from "~/i18n/language";
import type { CanvasNode } from "./flow";
import { boxesOf, carried, FRAME, foldedGeometry, hiddenIn, settle } from "./framing";
import { clearGhosts, leaveGhosts } from "./ghosts";
import { putInto } from "./insert";
import { rectOf } from "./measure";
import { drop, useCanvas } from "./state";

/** Where frames were when the drag began; null while no hand drags. */
let begun: Map<string, Point> | null = null;

/** Whether the drag makes copies, and leaves the nodes where they are. */
let isCopying = false;

export function beginDrag(...given: unknown[]): void {
  const nodes = given.at(-1) as CanvasNode[];
  isCopying = (given[0] as globalThis.MouseEvent).altKey === true;
  begun = new Map(nodes.map((node) => [node.id, node.position]));
  if (isCopying) leaveOriginals(nodes);
}

function leaveOriginals(nodes: readonly CanvasNode[]): void {
  const names = nodes.filter((node) => node.type === "node").map((node) => node.id);
  const moved = new Set(names);
  const { part } = placeOfTab(activeTab());
  const at = [...linksOf(part)].filter(({ source, target }) => moved.has(source.node) || moved.has(target.node));
  leaveGhosts(
    names,
    at.map(({ target }) => linkId(target)),
  );
  useCanvas.setState({ copying: moved });
}

export function changeNodes(changes: NodeChange<CanvasNode>[]): void {
  const { dragged, sizes } = useCanvas.getState();
  const moved = new Map(dragged);
  const measured = new Map(sizes);
  const chosen = new Set(activeTab().nodes);
  let [isMoved, isMeasured, isChosen] = [false, false, false];
  for (const change of changes) {
    if (change.type === "position" && change.position) {
      move(moved, change.id, change.position);
      isMoved = true;
    } else if (change.type === "dimensions" && change.dimensions) {
      if (change.id.startsWith(FRAME) || sizes.get(change.id)?.height === change.dimensions.height) continue;
      measured.set(change.id, change.dimensions);
      isMeasured = true;
    } else if (change.type === "select") {
      put(chosen, change.id, change.selected);
      isChosen = true;
    }
  }
  if (isMoved) useCanvas.setState({ dragged: moved });
  if (isMeasured) useCanvas.setState({ sizes: measured });
  if (isChosen) select(chosen, activeTab().links);
  if (isMoved && begun === null) finishMove("arrow keys"); // by keys, which have no end
}

/** A frame takes its nodes along. */
function move(moved: Map<string, Point>, id: string, to: Point): void {
  if (!id.startsWith(FRAME)) {
    moved.set(id, to);
    return;
  }
  const from = begun?.get(id);
  if (!from) return;
  const { part } = placeOfTab(activeTab());
  const by = { x: to.x - from.x, y: to.y - from.y };
  for (const [name, point] of carried(part, id.slice(FRAME.length), by, (node) => positionOf(part, node)))
    moved.set(name, point);
}

export function put(set: Set<string>, each: string, isIn: boolean): void {
  if (isIn) set.add(each);
  else set.delete(each);
}

export function finishDrag(event: MouseEvent | TouchEvent | globalThis.MouseEvent): void {
  begun = null;
  const { dragged } = useCanvas.getState();
  if (isCopying) {
    dropCopies(dragged);
    return;
  }
  const one = dragged.size === 1 ? [...dragged.keys()][0] : undefined;
  const link = one ? linkUnder(event as MouseEvent, one) : null;
  finishMove(null, (part) => {
    if (one && link)
      putInto(part, link, one, (from, input, output) => insertIntoLink(part as never, from, one, input, output));
  });
}

function dropCopies(dragged: ReadonlyMap<string, Point>): void {
  isCopying = false;
  clearGhosts();
  useCanvas.setState({ copying: NOTHING });
  const tab = activeTab();
  const clip = copy(tab.doc, placeOfTab(tab).part, dragged.keys());
  const middle = (values: readonly number[]) => (Math.min(...values) + Math.max(...values)) / 2;
  const points = [...dragged.values()];
  const at = { x: middle(points.map(({ x }) => x)), y: middle(points.map(({ y }) => y)) };
  drop();
  if (points.length === 0) return;
  let names: string[] = [];
  edit(t("did.duplicate"), (part, doc) => {
    names = [...paste(doc, part, clip, { at, withIncoming: true }).values()];
  });
  select(names);
}

/** Writes into the document where nodes were moved to, and which frames they are in now. */
function finishMove(gesture: string | null, more: (part: Part) => void = () => {}): void {
  const { dragged, sizes } = useCanvas.getState();
  const tab = activeTab();
  const { part: before } = placeOfTab(tab);
  if (dragged.size === 0) return;
  const { finder } = useCatalog.getState();
  const frames = framesOf(before);
  const rect = (name: string) => rectOf(before, tab.doc, finder, sizes, name);
  const folded = foldedGeometry(before, tab.doc, finder, hiddenIn(frames));
  const boxes = boxesOf(frames, rect, folded);
  const now = (name: string) => {
    const [found, point] = [rect(name), dragged.get(name)];
    return found && { ...found, ...point };
  };
  edit(
    dragged.size > 1 ? t("did.moveNodes") : t("did.moveNode"),
    (part) => {
      const led = keepBends(before, dragged);
      for (const [name, point] of dragged) if (part.nodes?.[name]) moveNode(part, name, point);
      for (const [target, points] of led) setBends(part, target, points);
      if (gesture === null) settle(part, frames, new Set(dragged.keys()), boxes, now);
      more(part as Part);
    },
    gesture,
  );
  drop();
}

/** The points of links whose one end is moved, which stay where they are. */
function keepBends(part: Part, moved: ReadonlyMap<string, Point>): [Address, Point[]][] {
  return [...moved.keys()]
    .filter((name) => hasBends(part, name))
    .flatMap((node) =>
      Object.entries(part.nodes?.[node]?.inputs ?? {}).flatMap(([name, value]): [Address, Point[]][] => {
        const source = sourceOf(value);
        const points = bendsOf(part, { node, name });
        return source && points.length > 0 && !moved.has(source.node) ? [[{ node, name }, points]] : [];
      }),
    );
}

/** The link under the hand, where a node that is plugged into nothing may go. */
function linkUnder(event: MouseEvent, node: string): string | null {
  const { part } = placeOfTab(activeTab());
  const isFree = [...linksOf(part)].every(({ source, target }) => source.node !== node && target.node !== node);
  if (!isFree || event.clientX === undefined) return null;
  const found = document
    .elementsFromPoint(event.clientX, event.clientY)
    .find((each) => each.classList.contains("react-flow__edge-interaction"));
  return found?.closest(".react-flow__edge")?.getAttribute("data-id") ?? null;
}
