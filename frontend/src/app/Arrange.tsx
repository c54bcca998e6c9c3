/** Arranging the app: the order of its fields, by hand or by keys; their names, groups and limits. */
import { ArrowDown, ArrowUp, GripVertical, X } from "lucide-react";
import { useState } from "react";
import { edit } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { evaluate } from "~/widgets/arithmetic";
import { type AppField, moveField, retitle, setFieldLook, toggleStar } from "./fields";

export function Arrange({ fields }: { fields: readonly AppField[] }) {
  const [dragged, setDragged] = useState<string | null>(null);
  const move = (name: string, to: string | undefined, gesture?: string) => {
    if (to !== undefined) edit(t("did.fieldOrder"), (_, doc) => moveField(doc, name, to), gesture);
  };
  return (
    <ol className="arrange">
      {fields.map((field, index) => (
        <li
          key={field.name}
          data-dragged={dragged === field.name}
          onDragOver={(event) => {
            if (dragged === null) return;
            event.preventDefault();
            if (dragged !== field.name) move(dragged, field.name, `order ${dragged}`);
          }}
          onDrop={(event) => event.preventDefault()}
        >
          <span
            className="grip"
            draggable
            aria-hidden
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = "move";
              event.dataTransfer.setData("text/plain", field.title);
              setDragged(field.name);
            }}
            onDragEnd={() => setDragged(null)}
          >
            <GripVertical size={14} />
          </span>
          <FieldForm field={field} />
          <span className="acts">
            <Act says={t("app.up", { title: field.title })} go={() => move(field.name, fields[index - 1]?.name)}>
              <ArrowUp size={13} />
            </Act>
            <Act says={t("app.down", { title: field.title })} go={() => move(field.name, fields[index + 1]?.name)}>
              <ArrowDown size={13} />
            </Act>
            <Act says={t("app.hide", { title: field.title })} go={() => unstar(field)}>
              <X size={13} />
            </Act>
          </span>
        </li>
      ))}
    </ol>
  );
}

function unstar(field: AppField): void {
  edit(t("did.hideField"), (_, doc) => {
    for (const target of field.targets) toggleStar(doc, target);
    setFieldLook(doc, field.name, { group: undefined, low: undefined, high: undefined });
  });
}

function Act({ says, go, children }: { says: string; go(): void; children: React.ReactNode }) {
  return (
    <button type="button" className="icon" aria-label={says} title={says} onClick={go}>
      {children}
    </button>
  );
}

function FieldForm({ field }: { field: AppField }) {
  const { name, look, input } = field;
  const isNumber = (input.schema.type === "number" || input.schema.type === "integer") && input.type !== "Seed";
  return (
    <div className="entries">
      <input
        className="line"
        aria-label={t("app.name", { name })}
        value={field.title}
        onChange={(event) =>
          edit(t("did.fieldName"), (_, doc) => retitle(doc, name, event.target.value), `name ${name}`)
        }
      />
      <input
        className="line"
        aria-label={t("app.groupOf", { name })}
        placeholder={t("app.group")}
        value={look.group ?? ""}
        onChange={(event) =>
          edit(
            t("did.fieldGroup"),
            (_, doc) => setFieldLook(doc, name, { group: event.target.value || undefined }),
            `group ${name}`,
          )
        }
      />
      {isNumber && (
        <>
          <Limit name={name} what="low" label={t("app.lowest")} value={look.low} />
          <Limit name={name} what="high" label={t("app.highest")} value={look.high} />
        </>
      )}
    </div>
  );
}

interface LimitProps {
  name: string;
  what: "low" | "high";
  label: string;
  value: number | undefined;
}

function Limit({ name, what, label, value }: LimitProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const commit = () => {
    if (typed === null) return;
    const found = evaluate(typed) ?? undefined;
    edit(t("did.fieldLimits"), (_, doc) => setFieldLook(doc, name, { [what]: found }));
    setTyped(null);
  };
  return (
    <input
      className="line limit"
      inputMode="decimal"
      aria-label={t("app.limitOf", { limit: label, name })}
      placeholder={label}
      value={typed ?? value ?? ""}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}
