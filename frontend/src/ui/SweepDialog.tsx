/** Asking for a sweep of one or two fields; and its grid, which fills while it runs. */

import { type CSSProperties, useMemo, useState } from "react";
import { resultUrl } from "~/api/service";
import type { Input } from "~/catalog/catalog";
import { useCatalog } from "~/catalog/store";
import { type Address, written } from "~/doc/model";
import { activeTab, titleOf, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { docTag, type Job, shareOf } from "~/run/jobs";
import { useRuns } from "~/run/store";
import { type Axis, jobAt, MOST, type Sweep, startSweep, sweepable, useSweep, valuesOf } from "~/run/sweep";
import { Frame } from "./Frame";
import { complain } from "./notices";

export default function SweepDialog({ target }: { target: Address | null }) {
  const sweep = useSweep((state) => state.sweep);
  const [isAsking, setAsking] = useState(target !== null || sweep === null);
  return isAsking || !sweep ? (
    <Frame title={t("sweep.title")} size="wide">
      <Form target={target} done={() => setAsking(false)} />
    </Frame>
  ) : (
    <Frame
      title={t("sweep.of", { fields: sweep.axes.map((axis) => written(axis.target)).join(t("sweep.and")) })}
      size="snug"
    >
      <Grid sweep={sweep} />
    </Frame>
  );
}

type Fields = readonly { target: Address; input: Input }[];

function Form({ target, done }: { target: Address | null; done(): void }) {
  const doc = useTab((tab) => tab.doc);
  const finder = useCatalog((state) => state.finder);
  const fields = useMemo(() => sweepable(doc, finder), [doc, finder]);
  const [chosen, choose] = useState([target ? written(target) : "", ""]);
  const [typed, type] = useState(["", ""]);
  const axes = chosen.flatMap((name, index): Axis[] => {
    const field = fields.find((each) => written(each.target) === name);
    const values = field ? valuesOf(typed[index] ?? "", field.input) : [];
    return field && values.length > 0 ? [{ target: field.target, values }] : [];
  });
  const count = axes.reduce((product, axis) => product * axis.values.length, axes.length > 0 ? 1 : 0);
  const set = (index: number, value: string) => (before: string[]) =>
    before.map((each, at) => (at === index ? value : each));
  const submit = async () => {
    const tab = activeTab();
    try {
      await startSweep(tab.doc, titleOf(tab), [docTag(tab.id)], axes);
      done();
    } catch (error) {
      complain(error);
    }
  };
  return (
    <form
      className="sweep"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {(["columns", "rows"] as const).map((side, index) => (
        <AxisForm
          key={side}
          side={side}
          fields={fields}
          chosen={chosen[index] ?? ""}
          choose={(name) => choose(set(index, name))}
          typed={typed[index] ?? ""}
          type={(text) => type(set(index, text))}
        />
      ))}
      <footer>
        <span className="quiet-word">
          {count > MOST ? t("sweep.most", { count: MOST }) : count > 0 ? t("sweep.runs", { count }) : t("sweep.how")}
        </span>
        <span className="gap" />
        <button type="submit" className="primary" disabled={count === 0 || count > MOST}>
          {t("sweep.run")}
        </button>
      </footer>
    </form>
  );
}

interface AxisProps {
  side: "columns" | "rows";
  fields: Fields;
  chosen: string;
  choose(name: string): void;
  typed: string;
  type(text: string): void;
}

function AxisForm({ side, fields, chosen, choose, typed, type }: AxisProps) {
  const schema = fields.find((each) => written(each.target) === chosen)?.input.schema;
  const words = (schema?.enum as string[] | undefined)?.join(", ");
  return (
    <fieldset>
      <legend>{t(`sweep.${side}`)}</legend>
      <select
        className="line"
        aria-label={t(`sweep.fieldOf.${side}`)}
        value={chosen}
        onChange={(event) => choose(event.target.value)}
      >
        <option value="">—</option>
        {fields.map(({ target }) => (
          <option key={written(target)} value={written(target)}>
            {written(target)}
          </option>
        ))}
      </select>
      <textarea
        className="lines"
        aria-label={t(`sweep.valuesOf.${side}`)}
        placeholder={words ?? t("sweep.values")}
        rows={3}
        value={typed}
        onChange={(event) => type(event.target.value)}
      />
    </fieldset>
  );
}

function Grid({ sweep }: { sweep: Sweep }) {
  const jobs = useRuns((state) => state.jobs);
  const all = useMemo(() => Object.values(jobs), [jobs]);
  const [x, y] = sweep.axes;
  const rows = y?.values ?? [null];
  return (
    <section
      className="sweep-grid"
      style={{ "--columns": x?.values.length ?? 1 } as CSSProperties}
      aria-label={t("sweep.grid")} /* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */
      tabIndex={0}
    >
      <table>
        <thead>
          <tr>
            {y && <td />}
            {x?.values.map((value) => (
              <th key={String(value)} scope="col">
                {String(value)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={String(row)}>
              {y && <th scope="row">{String(row)}</th>}
              {x?.values.map((value, index) => (
                <td key={String(value)}>
                  <Cell job={jobAt(all, sweep, index, at)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell({ job }: { job: Job | undefined }) {
  const file = job?.files.find((each) => each.media_type.startsWith("image/"));
  if (file) return <img src={resultUrl(file.digest)} alt={file.name} loading="lazy" decoding="async" />;
  const word = !job ? "" : job.state === "running" ? `${Math.floor(shareOf(job) * 100)} %` : t(`states.${job.state}`);
  return <span className="blank">{word}</span>;
}
