/** A number: type it (sums are allowed), drag it, or step it by arrow keys; with a track where the hint has one. */
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { Slider } from "~/ui/Slider";
import { evaluate } from "./arithmetic";
import { clamp, type Range, rangeOf, shown, snap } from "./range";
import { hint, ROW, type Widget, type WidgetProps } from "./widget";

const PIXELS = 4; // of the hand for each step

function NumberView({ input, value, label, id, set }: WidgetProps) {
  const range = rangeOf(input);
  const [typed, setTyped] = useState<string | null>(null);
  const drag = useRef<{ x: number; from: number; moved: boolean; gesture: string } | null>(null);
  const now = typeof value === "number" ? value : Number(value ?? 0);

  const commit = () => {
    const found = typed === null ? null : evaluate(typed);
    if (found !== null) set(clamp(found, range));
    setTyped(null);
  };
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter") event.currentTarget.blur();
    else if (event.key === "Escape") {
      setTyped(null);
      event.currentTarget.value = shown(value, range);
      event.currentTarget.blur();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      const by = (event.key === "ArrowUp" ? 1 : -1) * range.step * (event.shiftKey ? 10 : 1);
      setTyped(null);
      set(clamp(now + by, range), `step ${id}`);
    }
  };
  const down = (event: PointerEvent<HTMLInputElement>) => {
    if (event.button !== 0 || document.activeElement === event.currentTarget) return;
    event.preventDefault(); // it gets the focus when the hand goes up where it went down
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, from: now, moved: false, gesture: `drag ${id} ${event.timeStamp}` };
  };
  const move = (event: PointerEvent<HTMLInputElement>) => {
    const held = drag.current;
    if (!held) return;
    const pixels = event.clientX - held.x;
    held.moved ||= Math.abs(pixels) >= PIXELS;
    if (held.moved) set(snap(held.from + wayOf(pixels, range), range, event.shiftKey), held.gesture);
  };
  const up = (event: PointerEvent<HTMLInputElement>) => {
    if (drag.current && !drag.current.moved) {
      event.currentTarget.focus();
      event.currentTarget.select();
    }
    drag.current = null;
  };

  return (
    <input
      id={id}
      className="number nodrag"
      inputMode="decimal"
      autoComplete="off"
      spellCheck={false}
      aria-label={label}
      value={typed ?? shown(value, range)}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={commit}
      onKeyDown={keys}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={() => {
        drag.current = null;
      }}
    />
  );
}

function wayOf(pixels: number, range: Range): number {
  const span = range.high - range.low;
  return Number.isFinite(span) && span / range.step < 400 ? (pixels / 200) * span : (pixels / PIXELS) * range.step;
}

function SliderView(props: WidgetProps) {
  const { input, value, label, id, set, isWide } = props;
  const range = rangeOf(input);
  if (!isWide) return <NumberView {...props} />;
  return (
    <div className="slider">
      <Slider
        aria-label={label}
        min={range.low}
        max={range.high}
        step={range.step}
        value={typeof value === "number" ? value : 0}
        onChange={(event) => set(clamp(event.target.valueAsNumber, range), `slide ${id}`)}
      />
      <NumberView {...props} />
    </div>
  );
}

const isNumber = (type: unknown) => type === "number" || type === "integer";

export const numberWidget: Widget = {
  kind: "number",
  match: (input) => isNumber(input.schema.type),
  height: () => ROW,
  View: NumberView,
};

export const sliderWidget: Widget = {
  kind: "slider",
  match: (input) => isNumber(input.schema.type) && hint(input) === "slider",
  height: () => ROW,
  View: SliderView,
};
