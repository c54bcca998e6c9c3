/** Yes or no, a colour, and everything else as JSON. */

import { useMemo, useState } from "react";
import { parseJson, writeJson } from "~/api/json";
import { t } from "~/i18n/language";
import { hint, ROW, type Widget, type WidgetProps } from "./widget";

function BooleanView({ value, label, id, set }: WidgetProps) {
  return (
    <input
      id={id}
      type="checkbox"
      className="switch nodrag"
      role="switch"
      aria-checked={value === true}
      aria-label={label}
      checked={value === true}
      onChange={(event) => set(event.target.checked)}
    />
  );
}

const HEX = /^#[0-9a-f]{6}$/i;
const isColour = (text: string) => CSS.supports("color", text);

/** A colour as `#rrggbb`, the only way that the browser's picker takes one; black where it is none. */
function hexOf(colour: string): string {
  if (HEX.test(colour)) return colour;
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen || !isColour(colour)) return "#000000";
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = pen.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((each) => each.toString(16).padStart(2, "0")).join("")}`;
}

/** The browser's own picker: one of a library would bring styles of its own, which the page's policy forbids. */
function ColourView({ value, label, id, set }: WidgetProps) {
  const colour = String(value ?? "#000000");
  const [typed, setTyped] = useState<string | null>(null);
  const [fault, setFault] = useState("");
  const swatch = useMemo(() => hexOf(colour), [colour]);
  const take = (text: string, gesture?: string) => {
    set(text, gesture);
    setTyped(null);
    setFault("");
  };
  const commit = () => {
    if (typed === null) return;
    if (isColour(typed.trim())) take(typed.trim());
    else setFault(t("colour.fault"));
  };
  return (
    <span className="colour">
      <input
        type="color"
        className="nodrag"
        aria-label={t("colour.pick", { label })}
        value={swatch}
        onChange={(event) => take(event.target.value, `colour ${id}`)}
      />
      <input
        id={id}
        className="line nodrag"
        aria-label={label}
        aria-invalid={fault !== ""}
        title={fault || undefined}
        spellCheck={false}
        value={typed ?? colour}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
    </span>
  );
}

function JsonView({ value, label, id, set, isWide }: WidgetProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const [fault, setFault] = useState("");
  const commit = () => {
    if (typed === null) return;
    try {
      set(typed.trim() === "" ? undefined : parseJson(typed));
      setTyped(null);
      setFault("");
    } catch {
      setFault(t("json.fault"));
    }
  };
  const text = typed ?? (value === undefined ? "" : writeJson(value, isWide ? 2 : undefined));
  const shared = {
    id,
    "aria-label": t("json.label", { label }),
    "aria-invalid": fault !== "",
    title: fault || undefined,
    spellCheck: false,
    value: text,
    onBlur: commit,
  };
  return isWide ? (
    <textarea {...shared} className="lines code" rows={4} onChange={(event) => setTyped(event.target.value)} />
  ) : (
    <input
      {...shared}
      className="line code nodrag"
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}

export const booleanWidget: Widget = {
  isSmall: true,
  kind: "boolean",
  match: (input) => input.schema.type === "boolean",
  height: () => ROW,
  View: BooleanView,
};

export const colourWidget: Widget = {
  isSmall: true,
  kind: "colour",
  match: (input) => input.schema.format === "color" || hint(input) === "colour",
  height: () => ROW,
  View: ColourView,
};

export const jsonWidget: Widget = { kind: "json", match: () => true, height: () => ROW, View: JsonView };
