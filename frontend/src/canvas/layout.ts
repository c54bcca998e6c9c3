/** Laying out by ELK, which is loaded when it is first asked for, and works in a worker. */
import type { ELK, ElkNode } from "elkjs/lib/elk-api";
import { finder } from "~/catalog/store";
import { moveNode } from "~/doc/edit";
import { linksOf, positionOf } from "~/doc/model";
import { activeTab, edit, placeOfTab } from "~/doc/tabs";
import { geometryOf } from "./geometry";
import { useCanvas } from "./state";
import { strangerOf } from "./stranger";

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.layered.spacing.nodeNodeBetweenLayers": "72",
  "elk.spacing.nodeNode": "32",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.considerModelOrder.strategy": "PREFER_EDGES",
};

let elk: ELK | null = null;

async function engine(): Promise<ELK> {
  if (elk) return elk;
  const [{ default: Elk }, { default: url }] = await Promise.all([
    import("elkjs/lib/elk-api.js"),
    import("elkjs/lib/elk-worker.min.js?url"),
  ]);
  elk = new Elk({ workerFactory: () => new Worker(url) });
  return elk;
}

/** Lays out what is selected, or all; one step to undo. */
export async function layOut(): Promise<void> {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const names = tab.nodes.size > 1 ? [...tab.nodes] : Object.keys(part.nodes ?? {});
  if (names.length < 2) return;
  const graph = graphOf(names);
  const laid = await (await engine()).layout(graph);
  const corner = (axis: "x" | "y") => Math.min(...names.map((name) => positionOf(part, name)[axis]));
  const [left, top] = [corner("x"), corner("y")];
  edit("Lay out", (draft) => {
    for (const each of laid.children ?? []) {
      if (draft.nodes?.[each.id]) moveNode(draft, each.id, { x: left + (each.x ?? 0), y: top + (each.y ?? 0) });
    }
  });
}

function graphOf(names: readonly string[]): ElkNode {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const { sizes } = useCanvas.getState();
  const inside = new Set(names);
  const children = names.flatMap((name) => {
    const node = part.nodes?.[name];
    if (!node) return [];
    const sockets = finder().of(node.type, tab.doc) ?? strangerOf(part, name, node);
    const { width, height, handles } = geometryOf(sockets, node, part.view?.nodes?.[name]?.collapsed === true);
    const ports = handles.map((handle) => ({
      id: port(name, handle.id, handle.isSource),
      x: handle.x,
      y: handle.y,
      layoutOptions: { "port.side": handle.isSource ? "EAST" : "WEST" },
    }));
    const layoutOptions = { "elk.portConstraints": "FIXED_POS" };
    return [{ id: name, width, height: sizes.get(name)?.height ?? height, ports, layoutOptions }];
  });
  const edges = [...linksOf(part)]
    .filter(({ source, target }) => inside.has(source.node) && inside.has(target.node))
    .map(({ source, target }, index) => ({
      id: `e${index}`,
      sources: [port(source.node, source.name, true)],
      targets: [port(target.node, target.name, false)],
    }));
  return { id: "root", layoutOptions: OPTIONS, children, edges };
}

const port = (node: string, name: string, isSource: boolean) => `${node} ${isSource ? "out" : "in"} ${name}`;
