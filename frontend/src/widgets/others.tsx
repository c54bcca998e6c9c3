/** Yes or no, a colour, and everything else as JSON. */

import { useState } from "react";
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

const COLOUR = /^#[0-9a-f]{6}$/i;

/** The browser's own picker: one of a library would bring styles of its own, which the page's policy forbids. */
function ColourView({ value, label, id, set }: WidgetProps) {
  const colour = String(value ?? "#000000");
  const [typed, setTyped] = useState<string | null>(null);
  const commit = () => {
    if (typed !== null && COLOUR.test(typed.trim())) set(typed.trim());
    setTyped(null);
  };
  return (
    <span className="colour">
      <input
        type="color"
        className="nodrag"
        aria-label={t("colour.pick", { label })}
        value={COLOUR.test(colour) ? colour : "#000000"}
        onChange={(event) => set(event.target.value, `colour ${id}`)}
      />
      <input
        id={id}
        className="line nodrag"
        aria-label={label}
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
