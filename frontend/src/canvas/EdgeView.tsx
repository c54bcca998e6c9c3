/** A link. A double click on it makes a point to lead it by, and one on the point takes that away. */
import { BaseEdge, type EdgeProps, getBezierPath, useReactFlow } from "@xyflow/react";
import { memo, type PointerEvent } from "react";
import { setBends } from "~/doc/bends";
import { addressOf, type Point } from "~/doc/model";
import { edit } from "~/doc/tabs";
import { t } from "~/i18n/language";
import type { CanvasEdge } from "./flow";
import { routeOf } from "./route";
import { useCanvas } from "./state";

function EdgeBody(props: EdgeProps<CanvasEdge>) {
  const { id, data, selected, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition } = props;
  const bending = useCanvas((state) => (state.bending?.link === id ? state.bending.points : null));
  const bends = bending ?? data?.bends ?? [];
  const [plain] = getBezierPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
    curvature: 0.35,
  });
  const path = bends.length > 0 ? routeOf({ x: sourceX, y: sourceY }, bends, { x: targetX, y: targetY }) : plain;
  const state = data?.isDead ? "dead" : data?.isBypassed ? "bypassed" : "live";
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        interactionWidth={14}
        className={`link ${state}${selected ? " lit" : ""}`}
        style={{ stroke: data?.colour }}
      />
      {bends.map((point, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: points have no other name
        <Bend key={index} link={id} bends={bends} index={index} point={point} colour={data?.colour ?? ""} />
      ))}
    </>
  );
}

interface BendProps {
  link: string;
  bends: readonly Point[];
  index: number;
  point: Point;
  colour: string;
}

function Bend({ link, bends, index, point, colour }: BendProps) {
  const flow = useReactFlow();
  const begin = (event: PointerEvent<SVGCircleElement>) => {
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const go = (event: PointerEvent<SVGCircleElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const to = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    useCanvas.setState({ bending: { link, points: bends.map((each, at) => (at === index ? to : each)) } });
  };
  const end = () => {
    const { bending } = useCanvas.getState();
    if (bending?.link === link) edit(t("did.movePoint"), (part) => setBends(part, addressOf(link), bending.points));
    useCanvas.setState({ bending: null });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it is only about looks, and says nothing
    <circle
      className="bend nopan nodrag"
      cx={point.x}
      cy={point.y}
      r={5}
      fill={colour}
      onPointerDown={begin}
      onPointerMove={go}
      onPointerUp={end}
      onDoubleClick={(event) => {
        event.stopPropagation();
        const rest = bends.filter((_, at) => at !== index);
        edit(t("did.removePoint"), (part) => setBends(part, addressOf(link), rest));
      }}
    />
  );
}

export const EdgeView = memo(EdgeBody);
