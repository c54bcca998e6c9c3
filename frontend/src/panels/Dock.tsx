/** The bottom: queue, timeline and results; closed it is one line. */

import { ChevronDown, ChevronUp } from "lucide-react";
import { useMemo } from "react";
import type { NoticeOut } from "~/api/generated/service";
import { goToTask } from "~/canvas/going";
import { duration } from "~/canvas/status";
import { useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { isOver, type Job, type Task } from "~/run/jobs";
import { usePlans } from "~/run/plan";
import { openJobs, shownJob, useRuns } from "~/run/store";
import { langOf, noticeText, problemText } from "~/run/told";
import { bytesText } from "~/ui/bytes";
import { openDialog } from "~/ui/dialogs";
import { useLayout } from "~/ui/layout";
import { Queue } from "./Queue";
import { Results } from "./Results";

export function Dock({ isOpen }: { isOpen: boolean }) {
  const jobs = useRuns((state) => state.jobs);
  const order = useRuns((state) => state.order);
  const open = useMemo(() => openJobs(jobs, order), [jobs, order]);
  const running = open.filter((job) => job.state === "running").length;
  const words = t("dock.open", { running, waiting: open.length - running });
  return (
    <section className="dock" aria-label={t("dock.title")}>
      {isOpen ? (
        <>
          <Queue open={open} words={words} />
          <Problems />
          <Timeline />
          <Results />
        </>
      ) : (
        <span className="quiet-word">
          {open.length ? words : t("dock.nothing")}
          <Noted />
        </span>
      )}
      <button
        type="button"
        className="icon fold"
        aria-label={t(isOpen ? "dock.close" : "dock.show")}
        onClick={() => useLayout.setState({ dock: !isOpen })}
      >
        {isOpen ? <ChevronDown size={14} /> : <ChevronUp size={14} />}
      </button>
    </section>
  );
}

/** How many notices there are, where there is no room for them. */
function Noted() {
  const doc = useTab((tab) => tab.id);
  const count = usePlans((state) => state.plans[doc]?.plan.notices?.length ?? 0);
  return count > 0 && ` · ${t("dock.notices")}: ${count}`;
}

function Problems() {
  const doc = useTab((tab) => tab.id);
  const planned = usePlans((state) => state.plans[doc]);
  const problems = planned?.plan.problems ?? [];
  if (problems.length === 0) return <Notices notices={planned?.plan.notices ?? []} />;
  return (
    <div className="card problems">
      <h2>
        {t("dock.problems")} <small>{problems.length}</small>
      </h2>
      <ul>
        {problems.map((problem) => (
          <li key={`${problem.place} ${problem.code} ${problem.message}`}>
            <button type="button" onClick={() => problem.node && goToTask(problem.node)}>
              <b>{problem.place}</b>{" "}
              <span lang={langOf(problemText(problem), problem.message)}>{problemText(problem)}</span>
              {problem.hint && <small lang="en">{problem.hint}</small>}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Notices({ notices }: { notices: readonly NoticeOut[] }) {
  if (notices.length === 0) return null;
  return (
    <div className="card problems notes">
      <h2>
        {t("dock.notices")} <small>{notices.length}</small>
      </h2>
      <ul>
        {notices.map((notice) => (
          <li key={`${notice.node} ${notice.socket} ${notice.message}`}>
            <button type="button" onClick={() => goToTask(notice.node)}>
              <b>{`${notice.node}.${notice.socket}`}</b>{" "}
              <span lang={langOf(noticeText(notice), notice.message)}>{noticeText(notice)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Timeline() {
  const doc = useTab((tab) => tab.id);
  const job = useRuns((state) => shownJob(state, doc));
  const bars = useMemo(() => (job ? barsOf(job) : []), [job]);
  if (!job)
    return (
      <div className="card timeline">
        <h2>{t("dock.timeline")}</h2>
        <p className="quiet-word">{t("dock.empty")}</p>
      </div>
    );
  const cached = Object.values(job.tasks).filter((task) => task.state === "cached").length;
  const peak = Math.max(0, ...Object.values(job.tasks).map((task) => task.memory ?? 0));
  const seconds = job.started ? ((job.ended ?? Date.now()) - job.started) / 1_000 : 0;
  return (
    <div className="card timeline">
      <h2>
        {t("dock.timeline")}{" "}
        <small>
          {isOver(job) ? `${t(`states.${job.state}`)} · ${duration(seconds)}` : t("states.running")} ·{" "}
          {t("dock.cached", { count: cached })}
          {peak > 0 && ` · ${t("dock.peak", { memory: bytesText(peak) })}`}
        </small>
        {job.lock !== null && (
          <button type="button" className="plain" onClick={() => openDialog({ kind: "made", job: job.id })}>
            {t("made.title")}
          </button>
        )}
      </h2>
      <ul>
        {bars.map((bar) => (
          <li key={bar.name}>
            <button type="button" onClick={() => goToTask(bar.name)}>
              {bar.name}
            </button>
            <svg width="100%" height="12" aria-hidden>
              <rect
                className={bar.task.state}
                x={`${bar.from * 100}%`}
                width={`${Math.max(bar.share * 100, 0.6)}%`}
                y="1"
                height="10"
                rx="2"
              />
            </svg>
            <small>{bar.task.memory ? bytesText(bar.task.memory) : ""}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}

function barsOf(job: Job): { name: string; task: Task; from: number; share: number }[] {
  const begin = job.started ?? 0;
  const end = Math.max(job.ended ?? Date.now(), begin + 1);
  return Object.entries(job.tasks).map(([name, task]) => {
    const from = (task.began ?? task.ended ?? begin) - begin;
    const to = (task.ended ?? end) - begin;
    return { name, task, from: Math.max(from, 0) / (end - begin), share: Math.max(to - from, 0) / (end - begin) };
  });
}
