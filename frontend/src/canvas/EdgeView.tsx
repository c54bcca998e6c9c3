import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import type { CanvasEdge } from "./flow";

function EdgeBody(props: EdgeProps<CanvasEdge>) {
  const { id, data, selected, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition } = props;
  const [path] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, curvature: 0.35 });
  const state = data?.isDead ? "dead" : data?.isBypassed ? "bypassed" : "live";
  return (
    <BaseEdge
      id={id}
      path={path}
      interactionWidth={14}
      className={`link ${state}${selected ? " lit" : ""}`}
      style={{ stroke: data?.colour }}
    />
  );
}

export const EdgeView = memo(EdgeBody);
