/** A list of records, such as the rows of LoRAs: each a line of small fields; on a node only how many there are. */
import { ArrowUp, Plus, X } from "lucide-react";
import { t } from "~/i18n/language";
import { evaluate } from "./arithmetic";
import { blank, type FieldSchema, fieldsOf, type Rec } from "./record";
import { ROW, type Widget, type WidgetProps } from "./widget";

function RecordsView({ input, value, label, id, set, isWide }: WidgetProps) {
  const records = Array.isArray(value) ? (value as Rec[]) : [];
  const fields = fieldsOf(input.schema);
  if (!isWide) {
    return (
      <span id={id} className="shown">
        {t("records.count", { count: records.length })}
      </span>
    );
  }
  const change = (at: number, name: string, next: unknown) =>
    set(
      records.map((record, index) => (index === at ? { ...record, [name]: next } : record)),
      `record ${id} ${at} ${name}`,
    );
  const raise = (at: number) => {
    const next = [...records];
    next.splice(at - 1, 0, ...next.splice(at, 1));
    set(next);
  };
  return (
    <fieldset className="records" id={id} aria-label={label}>
      {records.map((record, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a record has no name but its place
        <div className="record" key={at}>
          {fields.map((field) => (
            <FieldView
              key={field.name}
              field={field}
              label={`${label} ${at + 1}, ${field.name}`}
              value={record[field.name] ?? field.fallback}
              set={(next) => change(at, field.name, next)}
            />
          ))}
          {at > 0 && (
            <button
              type="button"
              className="icon"
              aria-label={t("records.up", { label, at: at + 1 })}
              onClick={() => raise(at)}
            >
              <ArrowUp size={12} />
            </button>
          )}
          <button
            type="button"
            className="icon"
            aria-label={t("records.remove", { label, at: at + 1 })}
            onClick={() => set(records.filter((_, index) => index !== at))}
          >
            <X size={12} />
          </button>
        </div>
      ))}
      <button type="button" className="plain" onClick={() => set([...records, blank(fields)])}>
        <Plus size={12} aria-hidden /> {t("records.add")}
      </button>
    </fieldset>
  );
}

interface FieldProps {
  field: FieldSchema;
  label: string;
  value: unknown;
  set(value: unknown): void;
}

function FieldView({ field, label, value, set }: FieldProps) {
  const shared = { "aria-label": label, title: field.name };
  if (field.type === "boolean") {
    return (
      <input {...shared} type="checkbox" checked={value === true} onChange={({ target }) => set(target.checked)} />
    );
  }
  if (field.words) {
    return (
      <select {...shared} className="line" value={String(value ?? "")} onChange={({ target }) => set(target.value)}>
        {field.words.map((word) => (
          <option key={word}>{word}</option>
        ))}
      </select>
    );
  }
  const isNumber = field.type === "number" || field.type === "integer";
  const commit = (text: string) => {
    const found = evaluate(text);
    if (found !== null) set(field.type === "integer" ? Math.round(found) : found);
  };
  return isNumber ? (
    <input
      {...shared}
      key={String(value)}
      className="number"
      inputMode="decimal"
      defaultValue={String(value ?? "")}
      onBlur={({ target }) => commit(target.value)}
    />
  ) : (
    <input {...shared} className="line" value={String(value ?? "")} onChange={({ target }) => set(target.value)} />
  );
}

export const recordsWidget: Widget = {
  kind: "records",
  match: (input) => fieldsOf(input.schema).length > 0,
  height: () => ROW,
  View: RecordsView,
};
