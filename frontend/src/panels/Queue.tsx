/** What runs and what waits; those that wait are put in another order by the hand, or by arrow keys on their grip. */

import { GripVertical, Pause, Play, X } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { service } from "~/api/service";
import { t } from "~/i18n/language";
import { type Job, shareOf } from "~/run/jobs";
import { cancelAll, moveInQueue } from "~/run/queue";
import { useRuns } from "~/run/store";

export function Queue({ open, words }: { open: readonly Job[]; words: string }) {
  const paused = useRuns((state) => state.paused);
  const [dragged, setDragged] = useState<string | null>(null);
  const waiting = open.filter((job) => job.state === "queued");
  return (
    <div className="card queue">
      <h2>
        {t("queue.title")} <small>{paused ? t("queue.paused") : words}</small>
        <button
          type="button"
          className="icon"
          aria-label={paused ? t("queue.resume") : t("queue.pause")}
          title={paused ? t("queue.resume") : t("queue.pauseHint")}
          onClick={() => void (paused ? service.resume() : service.pause())}
        >
          {paused ? <Play size={12} /> : <Pause size={12} />}
        </button>
        <span className="gap" />
        {open.length > 1 && (
          <button type="button" className="plain" onClick={() => void cancelAll(open)}>
            {t("queue.cancelAll")}
          </button>
        )}
      </h2>
      {open.length === 0 && <p className="quiet-word">{t("queue.empty")}</p>}
      <ol>
        {open.map((job) => {
          const at = waiting.indexOf(job);
          return (
            <li
              key={job.id}
              data-dragged={dragged === job.id}
              onDragOver={(event) => dragged !== null && at >= 0 && event.preventDefault()}
              onDrop={(event) => {
                if (dragged === null || at < 0) return;
                event.preventDefault();
                event.stopPropagation();
                void moveInQueue(waiting, dragged, at);
                setDragged(null);
              }}
            >
              <JobView job={job} waiting={waiting} drag={setDragged} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

interface JobProps {
  job: Job;
  waiting: readonly Job[];
  drag(id: string | null): void;
}

function JobView({ job, waiting, drag }: JobProps) {
  const share = shareOf(job);
  const at = waiting.indexOf(job);
  const word = job.cancelling
    ? t("app.stopping")
    : job.state === "running"
      ? `${Math.floor(share * 100)} %`
      : t("app.waits");
  const keys = (event: KeyboardEvent) => {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    void moveInQueue(waiting, job.id, at + by);
  };
  return (
    <div className="job">
      {at >= 0 && waiting.length > 1 && (
        <button
          type="button"
          className="grip"
          draggable
          aria-label={t("queue.move", { title: job.title, at: at + 1, all: waiting.length })}
          title={t("queue.drag")}
          onKeyDown={keys}
          onDragStart={(event) => {
            event.dataTransfer.effectAllowed = "move";
            event.dataTransfer.setData("text/plain", job.title);
            drag(job.id);
          }}
          onDragEnd={() => drag(null)}
        >
          <GripVertical size={12} />
        </button>
      )}
      <span>
        {job.state === "running" ? "▶ " : ""}
        {job.title || job.id}
      </span>
      <small>{word}</small>
      <button
        type="button"
        className="icon"
        aria-label={t("queue.cancel", { title: job.title })}
        onClick={() => void service.cancel(job.id)}
      >
        <X size={12} />
      </button>
    </div>
  );
}
