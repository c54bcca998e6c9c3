/** Links seen from afar: one path for each colour, and nothing else. */
import { ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";
import type { CanvasEdge, CanvasNode } from "./flow";
import { routeOf } from "./route";

function Paths({ nodes, edges }: { nodes: readonly CanvasNode[]; edges: readonly CanvasEdge[] }) {
  const paths = useMemo(() => pathsOf(nodes, edges), [nodes, edges]);
  return (
    <ViewportPortal>
      <svg className="far-links" width="1" height="1" aria-hidden>
        {[...paths].map(([colour, path]) => (
          <path key={colour} d={path} stroke={colour} />
        ))}
      </svg>
    </ViewportPortal>
  );
}

function pathsOf(nodes: readonly CanvasNode[], edges: readonly CanvasEdge[]): Map<string, string> {
  const places = new Map(nodes.map((node) => [node.id, node]));
  const end = (id: string, handle: string | null | undefined, isSource: boolean) => {
    const node = places.get(id);
    const found = node?.data.geometry.handles.find((each) => each.id === handle && each.isSource === isSource);
    return node && found ? { x: node.position.x + found.x, y: node.position.y + found.y } : null;
  };
  const parts = new Map<string, string[]>();
  for (const edge of edges) {
    const from = end(edge.source, edge.sourceHandle, true);
    const to = end(edge.target, edge.targetHandle, false);
    if (!from || !to || !edge.data) continue;
    const path = routeOf(from, edge.data.bends, to);
    const known = parts.get(edge.data.colour);
    if (known) known.push(path);
    else parts.set(edge.data.colour, [path]);
  }
  return new Map([...parts].map(([colour, found]) => [colour, found.join("")]));
}

export const FarLinks = memo(Paths);
