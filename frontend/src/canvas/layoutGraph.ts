/** What ELK lays out: the nodes with their sockets, frames as areas around theirs, and where all of it then is. */
import type { ElkNode } from "elkjs/lib/elk-api";
import type { SocketFinder } from "~/catalog/sockets";
import { type Frame, frameOf, framesOf, membersOf } from "~/doc/frames";
import { linksOf, type Part, type Point, type Workflow } from "~/doc/model";
import { FRAME } from "./framing";
import { geometryOf } from "./geometry";
import { strangerOf } from "./stranger";

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.layered.spacing.nodeNodeBetweenLayers": "72",
  "elk.spacing.nodeNode": "32",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.considerModelOrder.strategy": "PREFER_EDGES",
};
const AROUND = { "elk.padding": "[top=40,left=24,bottom=24,right=24]" };

type Sizes = ReadonlyMap<string, { height: number }>;

/** A frame is kept where all of its nodes are laid out. */
export function layoutGraph(
  part: Part,
  doc: Workflow,
  finder: SocketFinder,
  sizes: Sizes,
  names: readonly string[],
): ElkNode {
  const inside = new Set(names.filter((name) => part.nodes?.[name]));
  const frames = framesOf(part).filter((each) =>
    [...membersOf(framesOf(part), each.id)].every((name) => inside.has(name)),
  );
  const areas = new Map<string | null, ElkNode>([[null, { id: "root", layoutOptions: OPTIONS, children: [] }]]);
  for (const frame of frames) areas.set(frame.id, { id: FRAME + frame.id, layoutOptions: AROUND, children: [] });
  const areaOf = (id: string | null) => areas.get(areas.has(id) ? id : null)?.children;
  for (const frame of frames) areaOf(frame.parent)?.push(areas.get(frame.id) as ElkNode);
  for (const name of inside) areaOf(frameOf(frames as Frame[], name))?.push(boxOf(part, doc, finder, sizes, name));
  const edges = [...linksOf(part)]
    .filter(({ source, target }) => inside.has(source.node) && inside.has(target.node))
    .map(({ source, target }, index) => ({
      id: `e${index}`,
      sources: [port(source.node, source.name, true)],
      targets: [port(target.node, target.name, false)],
    }));
  return { ...(areas.get(null) as ElkNode), edges };
}

function boxOf(part: Part, doc: Workflow, finder: SocketFinder, sizes: Sizes, name: string): ElkNode {
  const node = part.nodes?.[name] ?? { type: "" };
  const sockets = finder.of(node.type, doc) ?? strangerOf(part, name, node);
  const { width, height, handles } = geometryOf(sockets, node, part.view?.nodes?.[name]?.collapsed === true);
  const ports = handles.map((handle) => ({
    id: port(name, handle.id, handle.isSource),
    x: handle.x,
    y: handle.y,
    layoutOptions: { "port.side": handle.isSource ? "EAST" : "WEST" },
  }));
  const layoutOptions = { "elk.portConstraints": "FIXED_POS" };
  return { id: name, width, height: sizes.get(name)?.height ?? height, ports, layoutOptions };
}

const port = (node: string, name: string, isSource: boolean) => `${node} ${isSource ? "out" : "in"} ${name}`;

/** Where the nodes are, from the corner of all of it. */
export function placesIn(laid: ElkNode, from: Point = { x: 0, y: 0 }): Map<string, Point> {
  const places = new Map<string, Point>();
  for (const each of laid.children ?? []) {
    const at = { x: from.x + (each.x ?? 0), y: from.y + (each.y ?? 0) };
    if (each.id.startsWith(FRAME)) for (const [name, point] of placesIn(each, at)) places.set(name, point);
    else places.set(each.id, at);
  }
  return places;
}
