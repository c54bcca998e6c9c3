/** What happens to runs, in a sentence, for those who do not see it. */
import { create } from "zustand";
import { duration } from "~/canvas/status";
import { useCatalog } from "~/catalog/store";
import { type Part, placeOf } from "~/doc/model";
import { useTabs } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { isOver, type Job, nodeOf } from "./jobs";
import { useRuns } from "./store";

/** The last news; read out as it changes. */
export const useNews = create<{ text: string }>()(() => ({ text: "" }));

type Jobs = Readonly<Record<string, Job>>;

/** What has happened to the jobs of this browser's documents, one sentence each; of those that were there before only. */
export function newsOf(before: Jobs, now: Jobs): string[] {
  const found: string[] = [];
  for (const [id, job] of Object.entries(now)) {
    const old = before[id];
    if (old === job || job.doc === "" || old?.state === job.state) continue;
    const title = job.title || id;
    if (job.state === "running") found.push(t("news.started", { title }));
    else if (old && !isOver(old) && job.state === "done") found.push(t("news.done", { title, time: timeOf(job) }));
    else if (old && !isOver(old) && job.state === "cancelled") found.push(t("news.cancelled", { title }));
  }
  return found;
}

function timeOf(job: Job): string {
  return duration(Math.max(0, (job.ended ?? Date.now()) - (job.started ?? Date.now())) / 1_000);
}

/** Why a run failed: the node where it did, and what was wrong there. */
export function failureOf(job: Job): string {
  const failed = Object.entries(job.tasks).find(([, task]) => task.state === "failed");
  const message = failed?.[1].failure?.message ?? job.failure?.message ?? "";
  return failed ? t("news.failedAt", { node: titleOfTask(job, failed[0]), message }) : t("news.failed", { message });
}

/** What the node of a task is called, as people see it; its name where the document is no longer open. */
function titleOfTask(job: Job, task: string): string {
  const doc = useTabs.getState().tabs.find((tab) => tab.id === job.doc)?.doc;
  const path = nodeOf(task).split("/");
  const name = path.pop() ?? task;
  const part: Part | undefined = doc && placeOf(doc, path).part;
  const node = part?.nodes?.[name];
  if (!doc || !node) return name;
  return node.title || useCatalog.getState().finder.of(node.type, doc)?.title || name;
}

export function watchNews(): void {
  useRuns.subscribe((now, before) => {
    if (now.jobs === before.jobs) return;
    const news = newsOf(before.jobs, now.jobs);
    if (news.length > 0) useNews.setState({ text: news.join(" ") });
  });
}
