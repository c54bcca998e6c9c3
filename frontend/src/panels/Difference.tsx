/** What differs from the document that this one is compared with, as a list: values and links, before and after. */
import { ArrowRight, X } from "lucide-react";
import type { ReactNode } from "react";
import { show } from "~/canvas/going";
import { useCatalog } from "~/catalog/store";
import { pathInto } from "~/commands/comparing";
import { stopComparing, useBase, useDifferences } from "~/doc/comparing";
import type { Change, PartDiff } from "~/doc/diff";
import {
  between,
  byEntry,
  byNode,
  type Counts,
  countsOf,
  type EntryChanges,
  type NodeChanges,
  textOf,
} from "~/doc/marks";
import { activeTab, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import "./difference.css";

export default function Difference() {
  const base = useBase();
  const parts = useDifferences();
  if (!base) return null;
  const counts = countsOf(parts);
  return (
    <aside className="inspector difference" aria-label={t("diff.title")}>
      <div className="head">
        <h2>{t("diff.since", { base: base.word })}</h2>
        <button type="button" className="icon" aria-label={t("diff.close")} onClick={() => stopComparing()}>
          <X size={14} aria-hidden />
        </button>
      </div>
      <Summary counts={counts} isSame={parts.every((part) => part.changes.length === 0)} />
      {parts.map((part) => (
        <PartView key={part.subgraph ?? ""} part={part} />
      ))}
    </aside>
  );
}

function Summary({ counts, isSame }: { counts: Counts; isSame: boolean }) {
  if (isSame) return <p className="quiet-word">{t("diff.none")}</p>;
  const marks = ["added", "removed", "changed"] as const;
  return (
    <p className="counts" role="status">
      {marks
        .filter((mark) => counts[mark] > 0)
        .map((mark) => (
          <span key={mark} className={`is-${mark}`}>
            {t(`diff.counts.${mark}`, { count: counts[mark] })}
          </span>
        ))}
    </p>
  );
}

function PartView({ part }: { part: PartDiff }) {
  const title = useTab((tab) => part.subgraph && (tab.doc.subgraphs?.[part.subgraph]?.title || part.subgraph));
  const entries = byEntry(part);
  return (
    <section>
      {title && <h3>{t("diff.subgraph", { title })}</h3>}
      <ul className="nodes">
        {byNode(part).map((each) => (
          <NodeItem key={`${each.mark} ${each.node}`} found={each} subgraph={part.subgraph} />
        ))}
      </ul>
      {entries.length > 0 && (
        <>
          <h3>{t("diff.interface")}</h3>
          <ul className="entries">
            {entries.map((each) => (
              <EntryItem key={`${each.side} ${each.name}`} found={each} />
            ))}
          </ul>
        </>
      )}
      {part.looks > 0 && <p className="quiet-word">{t("diff.looks", { count: part.looks })}</p>}
    </section>
  );
}

function goToNode(subgraph: string | null, node: string): void {
  const tab = activeTab();
  const path = pathInto(tab.doc, subgraph);
  if (path) show(tab, path, node);
}

function NodeItem({ found: { node, mark, type, changes }, subgraph }: { found: NodeChanges; subgraph: string | null }) {
  const finder = useCatalog((state) => state.finder);
  const doc = useTab((tab) => tab.doc);
  const title = finder.of(type, doc)?.title ?? type;
  return (
    <li className={`is-${mark}`}>
      <button type="button" disabled={mark === "removed"} onClick={() => goToNode(subgraph, node)}>
        <b>{node}</b> <small>{[t(`diff.marks.${mark}`), title].filter(Boolean).join(" · ")}</small>
      </button>
      {changes.length > 0 && (
        <dl>
          {changes.map((change) => (
            <ChangeItem key={`${change.kind} ${"name" in change ? change.name : ""}`} change={change} />
          ))}
        </dl>
      )}
    </li>
  );
}

const FIELDS: ReadonlySet<string> = new Set(["to", "from", "title", "description"]);

function EntryItem({ found: { name, side, mark, fields } }: { found: EntryChanges }) {
  return (
    <li className={`is-${mark}`}>
      <b>{name}</b> <small>{[t(`diff.marks.${mark}`), t(`diff.sides.${side}`)].join(" · ")}</small>
      <dl>
        {fields.map(({ key, before, after }) => {
          const title = FIELDS.has(key) ? t(`diff.fields.${key}`) : key;
          if (mark === "changed") return <Line key={key} name={title} old={before} now={after} none="diff.absent" />;
          return (
            <Entry key={key} name={title}>
              {mark === "added" ? <ins>{after}</ins> : <del>{before}</del>}
            </Entry>
          );
        })}
      </dl>
    </li>
  );
}

function ChangeItem({ change }: { change: Change }) {
  if (!("before" in change) && change.kind !== "renamed") return null;
  if (change.kind === "renamed") return <Line name={t("diff.name")} old={change.node} now={change.to} />;
  const { before, after } = change;
  if (typeof before === "string" && typeof after === "string" && change.kind === "value") {
    return <Texts name={change.name} before={before} after={after} />;
  }
  if (change.kind === "link")
    return <Line name={change.name} old={change.before} now={change.after} none="diff.unplugged" />;
  return <Line name={change.name} old={shown(before)} now={shown(after)} />;
}

/** What is not written is left to the default. */
function shown(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return textOf(value);
}

interface LineProps {
  name: string;
  old: string | null;
  now: string | null;
  none?: string;
}

function Line({ name, old, now, none = "diff.nothing" }: LineProps) {
  return (
    <Entry name={name}>
      <del>{old ?? t(none)}</del> <ArrowRight size={11} aria-label={t("diff.becomes")} /> <ins>{now ?? t(none)}</ins>
    </Entry>
  );
}

/** Two texts: what is the same in both is said once. */
function Texts({ name, before, after }: { name: string; before: string; after: string }) {
  const { head, old, now, tail } = between(before, after);
  if (head.length + tail.length < 8) return <Line name={name} old={before} now={after} />;
  return (
    <Entry name={name}>
      {head}
      {old && <del>{old}</del>}
      {now && <ins>{now}</ins>}
      {tail}
    </Entry>
  );
}

function Entry({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
