/** Text: a line, or several. */
import { hint, ROW, type Widget, type WidgetProps } from "./widget";

export const LINE = 17;
export const AROUND = 18;

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
  const { value, label, id, set } = props;
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
    />
  );
}

export const rowsOf = (input: WidgetProps["input"]) => Math.min(Math.max(Number(input.widget?.rows ?? 3), 2), 4);

export const lineWidget: Widget = {
  kind: "line",
  match: (input) => input.schema.type === "string",
  height: () => ROW,
  View: LineView,
};

export const linesWidget: Widget = {
  kind: "lines",
  match: (input) => input.schema.type === "string" && hint(input) === "multiline",
  height: (input) => rowsOf(input) * LINE + AROUND,
  isLabelled: true,
  View: LinesView,
};
