/** Text: a line, several lines, or a prompt whose weights go up and down by Ctrl and the arrow keys. */
import type { KeyboardEvent } from "react";
import { weighted } from "./weights";
import { hint, ROW, type Widget, type WidgetProps } from "./widget";

const LINE = 17;
const AROUND = 18;

function LineView({ value, label, id, set, input }: WidgetProps) {
  return (
    <input
      id={id}
      className="line nodrag"
      aria-label={label}
      autoComplete="off"
      value={String(value ?? "")}
      placeholder={String(input.default ?? "")}
      onChange={(event) => set(event.target.value, `type ${id}`)}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
    />
  );
}

function LinesView(props: WidgetProps) {
  const { value, label, id, set, input } = props;
  const isPrompt = hint(input) === "prompt";
  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const up = event.key === "ArrowUp";
    if (!isPrompt || !(event.ctrlKey || event.metaKey) || !(up || event.key === "ArrowDown")) return;
    event.preventDefault();
    const box = event.currentTarget;
    const found = weighted(box.value, box.selectionStart, box.selectionEnd, up ? 0.05 : -0.05);
    set(found.text, `weight ${id}`);
    requestAnimationFrame(() => box.setSelectionRange(found.from, found.to));
  };
  return (
    <textarea
      id={id}
      className="lines nodrag nowheel nopan"
      aria-label={label}
      placeholder={label}
      spellCheck={false}
      rows={rowsOf(props.input)}
      value={String(value ?? "")}
      onChange={(event) => set(event.target.value, `type ${id}`)}
      onKeyDown={keys}
    />
  );
}

const rowsOf = (input: WidgetProps["input"]) => Math.min(Math.max(Number(input.widget?.rows ?? 3), 2), 4);

export const lineWidget: Widget = {
  kind: "line",
  match: (input) => input.schema.type === "string",
  height: () => ROW,
  View: LineView,
};

export const linesWidget: Widget = {
  kind: "lines",
  match: (input) => input.schema.type === "string" && ["prompt", "multiline"].includes(hint(input)),
  height: (input) => rowsOf(input) * LINE + AROUND,
  isLabelled: true,
  View: LinesView,
};
