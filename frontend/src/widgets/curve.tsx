/** A curve through points between (0, 0) and (1, 1): drag them, double-click for a new one, Delete removes one. */
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { t } from "~/i18n/language";
import { type Pair, pairsOf, withMoved, withPoint } from "./pairs";
import { hint, ROW, type Widget, type WidgetProps } from "./widget";

const WIDTH = 240;
const HEIGHT = 140;
const STEP = 0.02;

function CurveView({ value, label, id, set, isWide }: WidgetProps) {
  const svg = useRef<SVGSVGElement>(null);
  const held = useRef<number | null>(null);
  const points = pairsOf(value);
  const line = points.map(([x, y]) => `${x * WIDTH},${(1 - y) * HEIGHT}`).join(" ");
  const at = (event: { clientX: number; clientY: number }): Pair => {
    const box = svg.current?.getBoundingClientRect();
    if (!box) return [0, 0];
    return [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
  };
  if (!isWide) {
    return (
      <svg id={id} className="curve small" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
        <polyline points={line} />
      </svg>
    );
  }
  const move = (index: number, to: Pair) => set(withMoved(points, index, to), `curve ${id} ${index}`);
  const keys = (event: KeyboardEvent, index: number) => {
    const [x, y] = points[index] ?? [0, 0];
    const steps: Record<string, Pair> = {
      ArrowLeft: [x - STEP, y],
      ArrowRight: [x + STEP, y],
      ArrowUp: [x, y + STEP],
      ArrowDown: [x, y - STEP],
    };
    const to = steps[event.key];
    const isRemoving = (event.key === "Delete" || event.key === "Backspace") && points.length > 2;
    if (!to && !isRemoving) return;
    event.preventDefault();
    event.stopPropagation();
    if (to) move(index, to);
    else set(points.filter((_, each) => each !== index));
  };
  const drag = (event: PointerEvent) => {
    if (held.current !== null) move(held.current, at(event));
  };
  return (
    <svg
      ref={svg}
      id={id}
      className="curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      onDoubleClick={(event) => set(withPoint(points, at(event)))}
      onPointerMove={drag}
      onPointerUp={() => {
        held.current = null;
      }}
    >
      <title>{label}</title>
      <polyline points={line} />
      {points.map(([x, y], index) => (
        <circle
          // biome-ignore lint/suspicious/noArrayIndexKey: a point has no name but its place
          key={index}
          cx={x * WIDTH}
          cy={(1 - y) * HEIGHT}
          r="5"
          tabIndex={0}
          role="slider"
          aria-label={t("curve.point", { label, at: index + 1 })}
          aria-valuenow={y}
          aria-valuemin={0}
          aria-valuemax={1}
          aria-valuetext={`${x.toFixed(2)}, ${y.toFixed(2)}`}
          onPointerDown={(event) => {
            held.current = index;
            svg.current?.setPointerCapture(event.pointerId);
          }}
          onKeyDown={(event) => keys(event, index)}
        />
      ))}
    </svg>
  );
}

export const curveWidget: Widget = {
  kind: "curve",
  match: (input) => hint(input) === "curve",
  height: () => ROW,
  View: CurveView,
};
