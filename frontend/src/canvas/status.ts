/** What the dot and the word in a node's head say: of the run that is shown, else of the next one. */

import type { TaskOut } from "~/api/generated/service";
import { t } from "~/i18n/language";
import type { Task } from "~/run/jobs";
import { reasonText } from "~/run/told";

export type Dot = "none" | "will-run" | "cached" | "running" | "failed";

export interface Status {
  dot: Dot;
  word: string;
  why: string;
}

export function statusOf(planned: TaskOut | undefined, task: Task | undefined, mode: string | undefined): Status {
  const reason = planned?.reasons[0];
  const why = reason ? reasonText(reason) : "";
  if (mode === "mute") return { dot: "none", word: t("status.muted"), why: t("status.whyMuted") };
  if (mode === "bypass") return { dot: "none", word: t("status.bypassed"), why: t("status.whyBypassed") };
  if (task?.state === "running") {
    const share = task.total ? `${task.step ?? 0}/${task.total}` : t("status.running");
    return { dot: "running", word: rateOf(share, task), why: "" };
  }
  if (task?.state === "failed") return { dot: "failed", word: t("status.failed"), why: task.failure?.message ?? "" };
  switch (planned?.verdict) {
    case "cached":
      return { dot: "cached", word: t("status.cached"), why };
    case "not_needed":
      return { dot: "cached", word: "", why };
    case "runs":
    case "may_run":
      return { dot: "will-run", word: wordOf(planned), why };
    default:
      return { dot: "none", word: "", why };
  }
}

function wordOf(planned: TaskOut): string {
  const { seconds } = planned;
  if (seconds === null) return planned.verdict === "may_run" ? t("status.mayRun") : "";
  return seconds < 0.095 ? "" : duration(seconds);
}

function rateOf(share: string, task: Task): string {
  const passed = task.began ? (Date.now() - task.began) / 1_000 : 0;
  const rate = task.step && passed > 0.5 ? task.step / passed : 0;
  return rate > 0 ? `${share} · ${rate.toFixed(1)} it/s` : share;
}

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
