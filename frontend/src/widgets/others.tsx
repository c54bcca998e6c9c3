/** Yes or no, a colour, and everything else as JSON. */

import { Popover } from "radix-ui";
import { lazy, Suspense, useState } from "react";
import { parseJson, writeJson } from "~/api/json";
import { t } from "~/i18n/language";
import { hint, ROW, type Widget, type WidgetProps } from "./widget";

const Picker = lazy(() => import("./picker"));

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

function ColourView({ value, label, id, set }: WidgetProps) {
  const colour = String(value ?? "#000000");
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button type="button" id={id} className="colour nodrag" aria-label={`${label}: ${colour}`}>
          <svg width="14" height="14" aria-hidden>
            <rect width="14" height="14" rx="3" fill={colour} />
          </svg>
          {colour}
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" aria-label={label} sideOffset={4}>
          <Suspense>
            <Picker colour={colour} onChange={(next) => set(next, `colour ${id}`)} />
          </Suspense>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
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
    "aria-label": `${label}, as JSON`,
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
  kind: "colour",
  match: (input) => input.schema.format === "color" || hint(input) === "colour",
  height: () => ROW,
  View: ColourView,
};

export const jsonWidget: Widget = { kind: "json", match: () => true, height: () => ROW, View: JsonView };
