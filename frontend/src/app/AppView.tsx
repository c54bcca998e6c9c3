/** The workflow as an app: its starred fields, one button and the results; for those who do not care for graphs. */
import { Workflow as Graph, Pencil, Play } from "lucide-react";
import { useMemo, useState } from "react";
import { useCatalog } from "~/catalog/store";
import { sourceOf } from "~/doc/model";
import { edit, titleOf, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { usePlans } from "~/run/plan";
import { run } from "~/run/submit";
import { langOf, problemText } from "~/run/told";
import { PageTitle } from "~/ui/PageTitle";
import { widgetOf } from "~/widgets/registry";
import { Arrange } from "./Arrange";
import { showGraph } from "./address";
import { type AppField, fieldsOf, groupsOf, setFieldValue } from "./fields";
import { Outcome } from "./Outcome";
import "./app.css";

export default function AppView() {
  const doc = useTab((tab) => tab.doc);
  const title = useTab(titleOf);
  const finder = useCatalog((state) => state.finder);
  const fields = useMemo(() => fieldsOf(doc, finder), [doc, finder]);
  const [isArranging, setArranging] = useState(false);
  return (
    <div className="as-app">
      <header>
        <PageTitle />
        <b aria-hidden>{title}</b>
        <span className="gap" />
        <button
          type="button"
          className="plain"
          aria-pressed={isArranging}
          onClick={() => setArranging((before) => !before)}
        >
          <Pencil size={12} aria-hidden /> {t(isArranging ? "app.done" : "app.arrange")}
        </button>
        <button type="button" className="plain" onClick={showGraph}>
          <Graph size={12} aria-hidden /> {t("app.graph")}
        </button>
      </header>
      <main>
        <section className="form" aria-label={t("app.fields")}>
          {doc.description && <p className="summary">{doc.description}</p>}
          {fields.length === 0 && <p className="quiet-word">{t("app.none")}</p>}
          {isArranging ? <Arrange fields={fields} /> : <Form fields={fields} />}
        </section>
        <Outcome />
      </main>
      <RunBar />
    </div>
  );
}

function Form({ fields }: { fields: readonly AppField[] }) {
  return groupsOf(fields).map((group) =>
    group.title ? (
      <fieldset key={group.title}>
        <legend>{group.title}</legend>
        {group.fields.map((field) => (
          <Field key={field.name} field={field} />
        ))}
      </fieldset>
    ) : (
      group.fields.map((field) => <Field key={field.name} field={field} />)
    ),
  );
}

function Field({ field }: { field: AppField }) {
  const { input, value, title, targets } = field;
  const widget = widgetOf(input);
  const node = targets[0]?.node ?? "";
  const doc = useTab((tab) => tab.id);
  const problem = usePlans((state) =>
    state.plans[doc]?.problems.get(node)?.find((each) => each.socket === targets[0]?.name),
  );
  if (!widget || sourceOf(value)) return null;
  const id = `app ${field.name}`;
  return (
    <div className={`field${problem ? " wrong" : ""}`}>
      <label htmlFor={id}>{title}</label>
      <widget.View
        input={input}
        value={value === undefined ? input.default : value}
        isDefault={value === undefined}
        label={title}
        id={id}
        node={node}
        set={(next, gesture) =>
          edit(t("did.set", { name: title }), (_, draft) => setFieldValue(draft, field, next), gesture)
        }
        isWide
      />
      {problem && (
        <p className="problem" lang={langOf(problemText(problem), problem.message)}>
          {problemText(problem)}
        </p>
      )}
    </div>
  );
}

function RunBar() {
  const id = useTab((tab) => tab.id);
  const isReady = usePlans((state) => state.plans[id]?.plan.valid !== false);
  return (
    <footer>
      <button type="button" className="run" disabled={!isReady} onClick={() => void run()}>
        <Play size={13} fill="currentColor" aria-hidden /> {t("app.run")}
      </button>
    </footer>
  );
}
