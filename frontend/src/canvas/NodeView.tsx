/** A node on the canvas. Everything that changes is read by its name; its own properties change with its form only. */

import { Handle, type NodeProps, Position } from "@xyflow/react";
import { type KeyboardEvent, memo, type ReactNode } from "react";
import type { ProblemOut } from "~/api/generated/service";
import type { Input } from "~/catalog/catalog";
import { useCatalog } from "~/catalog/store";
import { setValue } from "~/doc/edit";
import { isExposed } from "~/doc/interface";
import { sourceOf } from "~/doc/model";
import { edit, placeOfTab, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { noticeOf, plannedTask, problemsOf, usePlans } from "~/run/plan";
import { taskOf, useRuns } from "~/run/store";
import { noticeText, problemText } from "~/run/told";
import { widgetOf } from "~/widgets/registry";
import { useDetail } from "./Detail";
import { fixOf } from "./fixes";
import type { ShownNode } from "./flow";
import type { Row } from "./geometry";
import { Media } from "./Media";
import { Plugged } from "./Plugged";
import { useCanvas } from "./state";
import { statusOf } from "./status";
import { takeLink } from "./taking";

function Body({ data, selected }: NodeProps<ShownNode>) {
  const { name, geometry, sockets } = data;
  const tier = useDetail();
  const node = useTab((tab) => placeOfTab(tab).part.nodes?.[name]);
  const { doc, task, status, soft, count } = useStatus(name, node?.mode);
  const title = node?.title || sockets.title;
  const height = useCanvas((state) => (tier === "far" ? (state.sizes.get(name)?.height ?? geometry.height) : 0));
  const state = count > 0 && !soft ? "problem" : status.dot;
  return (
    <article
      className={`node ${tier} is-${state} mode-${node?.mode ?? "run"}${selected ? " selected" : ""}`}
      onKeyDown={leaveField}
      style={height > 0 ? { height } : undefined} // as large as from near, so that nothing has to be measured again
      aria-label={`${title}${status.word ? `, ${status.word}` : ""}${count ? `, ${t("top.problems", { count })}` : ""}`}
    >
      <header className="node-head">
        <i className={`dot ${status.dot}`} title={status.why} />
        <b>{title}</b>
        <span className="word" title={status.why}>
          {count > 0 && !soft ? t("top.problems", { count }) : status.word}
        </span>
      </header>
      {node?.mode === "bypass" && tier !== "far" && <Passage geometry={geometry} passage={sockets.passage} />}
      {tier === "far" ? null : geometry.rows.length === 0 ? (
        <Folded geometry={geometry} node={name} />
      ) : (
        <div className="rows">
          {geometry.rows.map((row) => (
            <RowView key={keyOf(row)} row={row} node={name} isNear={tier === "near"} soft={soft} />
          ))}
        </div>
      )}
      {tier === "near" && count > 0 && !soft && geometry.rows.length > 0 && (
        <Fixes node={name} inputs={sockets.inputs} />
      )}
      {tier !== "far" && geometry.rows.length > 0 && <Media doc={doc} task={task} isKept={sockets.sink} />}
    </article>
  );
}

/** Escape goes from a field to its node. */
function leaveField(event: KeyboardEvent<HTMLElement>): void {
  const node = event.currentTarget.closest<HTMLElement>(".react-flow__node");
  if (
    event.key !== "Escape" ||
    event.defaultPrevented ||
    !(event.target as HTMLElement).matches("input, textarea, button")
  )
    return;
  event.stopPropagation();
  node?.focus();
}

const keyOf = (row: Row) =>
  row.kind === "value" ? row.input.name : `${row.input?.name ?? ""} ${row.output?.name ?? ""}`;

function useStatus(name: string, mode: string | undefined) {
  const doc = useTab((tab) => tab.id);
  const task = useTab((tab) => [...tab.path, name].join("/"));
  const planned = usePlans((state) => plannedTask(state, doc, task));
  const running = useRuns((state) => taskOf(state, doc, task));
  const problems = usePlans((state) => problemsOf(state, doc, task));
  const tried = usePlans((state) => state.tried.has(doc));
  const soft = !tried && problems.every((each) => each.code === "missing_input");
  return { doc, task, status: statusOf(planned, running, mode), soft, count: problems.length };
}

function RowView({ row, node, isNear, soft }: { row: Row; node: string; isNear: boolean; soft: boolean }) {
  const { problem, notice } = useTold(node, row.input?.name);
  const tone = problem ? (soft ? " missing" : " wrong") : "";
  if (row.kind === "sockets") {
    return (
      <div className={`row pair${tone}`} style={{ height: row.height }}>
        {row.input && <Socket input={row.input} node={node} problem={problem && problemText(problem)} />}
        {row.output && (
          <Plugged isSource node={node} name={row.output.name} type={row.output.type}>
            {row.output.name}
          </Plugged>
        )}
      </div>
    );
  }
  const says = problem ? problemText(problem) : notice && noticeText(notice);
  return (
    <div className={`row value${tone}${notice ? " noted" : ""}`} style={{ height: row.height }} title={says}>
      <Value input={row.input} isLinked={row.isLinked} node={node} isNear={isNear} />
    </div>
  );
}

/** What the service says of an input. */
function useTold(node: string, input: string | undefined) {
  const doc = useTab((tab) => tab.id);
  const task = useTab((tab) => [...tab.path, node].join("/"));
  const isIt = ({ socket }: ProblemOut) => input !== undefined && socket === input;
  return {
    problem: usePlans((state) => problemsOf(state, doc, task).find(isIt)),
    notice: usePlans((state) => noticeOf(state, doc, task, input)),
  };
}

function Socket({ input, node, problem }: { input: Input; node: string; problem?: string | undefined }) {
  const isLinked = useTab((tab) => {
    const { part, subgraph } = placeOfTab(tab);
    if (sourceOf(part.nodes?.[node]?.inputs?.[input.name])) return true;
    return subgraph !== null && isExposed(part, { node, name: input.name }); // it comes from outside
  });
  return (
    <Plugged node={node} name={input.name} type={input.type} isOpen={!isLinked} title={problem}>
      {input.name}
      {problem && !isLinked && <em> — {t("node.open")}</em>}
    </Plugged>
  );
}

function Fixes({ node, inputs }: { node: string; inputs: readonly Input[] }) {
  const doc = useTab((tab) => tab.id);
  const task = useTab((tab) => [...tab.path, node].join("/"));
  const problems = usePlans((state) => problemsOf(state, doc, task));
  const wrong = inputs.filter((input) => problems.some((problem) => problem.socket === input.name));
  return (
    <div className="fixes">
      {wrong.map((input) => (
        <Fix key={input.name} node={node} input={input} />
      ))}
    </div>
  );
}

/** The one-click way out of a problem, where there is one. */
function Fix({ node, input }: { node: string; input: Input }) {
  const finder = useCatalog((state) => state.finder);
  const fix = useTab((tab) => fixOf(finder, tab.doc, placeOfTab(tab).part, node, input)?.label);
  if (!fix) return null;
  const apply = () => edit(fix, (part, doc) => fixOf(finder, doc, part, node, input)?.apply(part));
  return (
    <button type="button" className="fix nodrag" onClick={apply}>
      {fix}
    </button>
  );
}

/** In a bypassed node, the ways from inputs to the outputs that they stand for. */
function Passage({
  geometry,
  passage,
}: {
  geometry: ShownNode["data"]["geometry"];
  passage: Readonly<Record<string, string>>;
}) {
  const catalog = useCatalog((state) => state.finder.catalog);
  const find = (id: string, isSource: boolean) =>
    geometry.handles.find((each) => each.id === id && each.isSource === isSource);
  return (
    <svg className="passage" width={geometry.width} height={geometry.height} aria-hidden>
      {Object.entries(passage).map(([output, input]) => {
        const [from, to] = [find(input, false), find(output, true)];
        if (!from || !to) return null;
        const bend = geometry.width / 2;
        const path = `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
        return <path key={output} d={path} stroke={catalog.colour(to.type)} />;
      })}
    </svg>
  );
}

interface ValueProps {
  input: Input;
  isLinked: boolean;
  node: string;
  isNear: boolean;
}

function Value({ input, isLinked, node, isNear }: ValueProps) {
  const value = useTab((tab) => placeOfTab(tab).part.nodes?.[node]?.inputs?.[input.name]);
  const widget = widgetOf(input);
  const isBare = widget?.isLabelled === true && !isLinked;
  const id = `${node}.${input.name}`;
  const set = (next: unknown, gesture?: string) =>
    edit(t("did.set", { name: input.name }), (part) => setValue(part, { node, name: input.name }, next), gesture);
  const now = value === undefined ? input.default : value;
  let body: ReactNode = null;
  if (!isLinked && widget && isNear) {
    body = (
      <widget.View
        input={input}
        value={now}
        isDefault={value === undefined}
        label={input.name}
        id={id}
        node={node}
        set={set}
      />
    );
  } else if (!isLinked) body = <span className="shown">{String(now ?? "")}</span>;
  return (
    <>
      <Plugged node={node} name={input.name} type={input.type} isOpen={!isLinked} isValue>
        {isBare ? "" : input.name}
      </Plugged>
      {body}
    </>
  );
}

function Folded({ geometry, node }: { geometry: ShownNode["data"]["geometry"]; node: string }) {
  return geometry.handles.map((handle) => (
    <Handle
      key={`${handle.isSource} ${handle.id}`}
      id={handle.id}
      type={handle.isSource ? "source" : "target"}
      position={handle.isSource ? Position.Right : Position.Left}
      className="socket"
      onMouseDownCapture={handle.isSource ? undefined : takeLink}
      role="img"
      aria-label={`${node}.${handle.id}`}
    />
  ));
}

export const NodeView = memo(Body);
