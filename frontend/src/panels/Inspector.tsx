/** What is selected, with all its fields and room for them; or the document itself. */

import { Grid3x3, Star, Unplug } from "lucide-react";
import { starOf, toggleStar } from "~/app/fields";
import { fixOf } from "~/canvas/fixes";
import { duration } from "~/canvas/status";
import { strangerOf } from "~/canvas/stranger";
import { type Input, isWritable, type Sockets } from "~/catalog/catalog";
import { useCatalog } from "~/catalog/store";
import { disconnect, setTitle, setValue } from "~/doc/edit";
import { type Address, sourceOf } from "~/doc/model";
import { edit, placeOfTab, usePart, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { noticeOf, plannedTask, problemsOf, usePlans } from "~/run/plan";
import { taskOf, useRuns } from "~/run/store";
import { langOf, noticeText, problemText, reasonText } from "~/run/told";
import { openDialog } from "~/ui/dialogs";
import { widgetOf } from "~/widgets/registry";
import { FramePanel, frameAround } from "./FramePanel";
import { Interface } from "./Interface";
import { Many } from "./Many";
import { Next } from "./Next";
import { Outputs } from "./Outputs";

export function Inspector() {
  const selected = useTab((tab) => tab.nodes);
  const one = selected.size === 1 ? [...selected][0] : undefined;
  const frame = useTab((tab) => frameAround(placeOfTab(tab).part, tab.nodes));
  return (
    <aside className="inspector" aria-label={t("inspector.title")}>
      {frame && <FramePanel key={frame.id} frame={frame} count={selected.size} />}
      {one ? (
        <NodePanel key={one} name={one} />
      ) : selected.size > 1 ? (
        <Many count={selected.size} isFramed={frame !== null} />
      ) : (
        <>
          <DocumentPanel />
          <Interface />
        </>
      )}
    </aside>
  );
}

function DocumentPanel() {
  const doc = usePart();
  const isInside = useTab((tab) => placeOfTab(tab).subgraph !== null);
  const count = Object.keys(doc.nodes ?? {}).length;
  return (
    <>
      <p className="path">{t(isInside ? "inspector.subgraph" : "inspector.workflow")}</p>
      <input
        className="title"
        aria-label={t("inspector.name")}
        placeholder={t("inspector.untitled")}
        value={doc.title ?? ""}
        onChange={(event) => {
          const title = event.target.value;
          edit(t("did.title"), (draft) => Object.assign(draft, { title }), "title");
        }}
      />
      <textarea
        className="lines"
        aria-label={t("inspector.description")}
        placeholder={t("inspector.description")}
        rows={4}
        value={doc.description ?? ""}
        onChange={(event) => {
          const description = event.target.value;
          edit(t("did.description"), (draft) => Object.assign(draft, { description }), "description");
        }}
      />
      <p className="quiet-word">{t("inspector.nodes", { count })}</p>
    </>
  );
}

function NodePanel({ name }: { name: string }) {
  const part = usePart();
  const doc = useTab((tab) => tab.doc);
  const finder = useCatalog((state) => state.finder);
  const node = part.nodes?.[name];
  if (!node) return null;
  const sockets = finder.of(node.type, doc) ?? strangerOf(part, name, node);
  return (
    <>
      <p className="path">
        {sockets.title} · {node.type}
      </p>
      <input
        className="title"
        aria-label={t("inspector.name")}
        value={node.title ?? ""}
        placeholder={sockets.title}
        onChange={(event) => {
          const title = event.target.value;
          edit(t("did.title"), (draft) => setTitle(draft, name, title), `title ${name}`);
        }}
      />
      <p className="summary">{sockets.summary}</p>
      <Next name={name} />
      <Fields name={name} sockets={sockets} />
      <Outputs name={name} sockets={sockets} />
      <Plan name={name} />
      {sockets.help.length > sockets.summary.length && (
        <details>
          <summary>{t("inspector.help")}</summary>
          <pre className="help">{sockets.help.slice(sockets.summary.length).trim()}</pre>
        </details>
      )}
    </>
  );
}

function Fields({ name, sockets }: { name: string; sockets: Sockets }) {
  return (
    <div className="fields">
      {sockets.inputs.map((input) => (
        <Field key={input.name} name={name} input={input} />
      ))}
    </div>
  );
}

function Field({ name, input }: { name: string; input: Input }) {
  const value = useTab((tab) => placeOfTab(tab).part.nodes?.[name]?.inputs?.[input.name]);
  const doc = useTab((tab) => tab.id);
  const task = useTab((tab) => [...tab.path, name].join("/"));
  const problem = usePlans((state) => problemsOf(state, doc, task).find((each) => each.socket === input.name));
  const notice = usePlans((state) => noticeOf(state, doc, task, input.name));
  const source = sourceOf(value);
  const widget = isWritable(input) ? widgetOf(input) : null;
  if (!widget && !problem && !source) return null;
  const target = { node: name, name: input.name };
  const set = (next: unknown, gesture?: string) =>
    edit(t("did.set", { name: input.name }), (part) => setValue(part, target, next), gesture);
  const id = `panel ${name}.${input.name}`;
  return (
    <div className={`field${problem ? " wrong" : ""}${source || widget?.isSmall ? " flat" : ""}`}>
      <span className="head">
        <label htmlFor={id}>{input.name}</label>
        {widget && !source && (
          <span>
            <SweepButton target={target} />
            <StarButton target={target} />
          </span>
        )}
      </span>
      {source ? (
        <span className="linked">
          <span>
            ← {source.node}.{source.name}
          </span>
          <button
            type="button"
            className="icon"
            aria-label={t("inspector.unplug", { name: input.name })}
            title={t("menu.unplug")}
            onClick={() => edit(t("did.unplug"), (part) => disconnect(part, target))}
          >
            <Unplug size={13} aria-hidden />
          </button>
        </span>
      ) : widget ? (
        <widget.View
          input={input}
          value={value === undefined ? input.default : value}
          isDefault={value === undefined}
          label={input.name}
          id={id}
          node={name}
          set={set}
          isWide
        />
      ) : (
        <span className="linked">{input.type}</span>
      )}
      {problem && <Problem name={name} input={input} message={problemText(problem)} />}
      {notice && (
        <p className="noted" lang={langOf(noticeText(notice), notice.message)}>
          {noticeText(notice)}
        </p>
      )}
    </div>
  );
}

function SweepButton({ target }: { target: Address }) {
  const isInside = useTab((tab) => tab.path.length > 0);
  if (isInside) return null;
  return (
    <button
      type="button"
      className="icon star"
      aria-label={t("inspector.sweep", { name: target.name })}
      title={t("inspector.sweepHint")}
      onClick={() => openDialog({ kind: "sweep", target })}
    >
      <Grid3x3 size={13} />
    </button>
  );
}

/** Shows a field in the app view; inside a subgraph, on the node that stands for it. */
function StarButton({ target }: { target: Address }) {
  const isOn = useTab((tab) => starOf(placeOfTab(tab).part, target) !== null);
  const isInside = useTab((tab) => tab.path.length > 0);
  const says = t(isInside ? "inspector.showOutside" : "inspector.showInApp");
  return (
    <button
      type="button"
      className="icon star"
      aria-pressed={isOn}
      aria-label={`${says}: ${target.name}`}
      title={says}
      onClick={() => edit(isOn ? t("did.hideField") : t("did.showField"), (part) => toggleStar(part, target))}
    >
      <Star size={13} fill={isOn ? "currentColor" : "none"} />
    </button>
  );
}

function Problem({ name, input, message }: { name: string; input: Input; message: string }) {
  const finder = useCatalog((state) => state.finder);
  const label = useTab((tab) => fixOf(finder, tab.doc, placeOfTab(tab).part, name, input)?.label);
  return (
    <p className="problem">
      {message}
      {label && (
        <button
          type="button"
          className="plain"
          onClick={() => edit(label, (part, doc) => fixOf(finder, doc, part, name, input)?.apply(part))}
        >
          {label}
        </button>
      )}
    </p>
  );
}

/** What a run would do with the node, and why; and what the last one did. */
function Plan({ name }: { name: string }) {
  const doc = useTab((tab) => tab.id);
  const key = useTab((tab) => [...tab.path, name].join("/"));
  const planned = usePlans((state) => plannedTask(state, doc, key));
  const task = useRuns((state) => taskOf(state, doc, key));
  if (!planned && !task) return null;
  return (
    <div className="plan">
      {planned?.reasons.map((reason) => (
        <p key={reason.message}>
          {t(`inspector.why.${planned.verdict}`)}:{" "}
          <b lang={langOf(reasonText(reason), reason.message)}>{reasonText(reason)}</b>
        </p>
      ))}
      {task?.seconds !== undefined && <p>{t("inspector.last", { time: duration(task.seconds) })}</p>}
      {task?.failure && (
        <p className="problem" lang="en">
          {[task.failure.message, task.failure.hint].filter(Boolean).join(" ")}
        </p>
      )}
    </div>
  );
}
