/** The order of what waits, and changes to it. */

import { service } from "~/api/service";
import { t } from "~/i18n/language";
import { complain, say } from "~/ui/notices";
import type { Job } from "./jobs";
import { useRuns } from "./store";

/** Asks the service in which order jobs will begin. */
export async function loadOrder(): Promise<void> {
  const found = await service.upcoming().catch(() => null);
  if (found) useRuns.setState({ order: found.jobs.map((job) => job.id) });
}

/** The moves that bring a waiting job to a place among the others: each job goes right before another one. */
export function movesTo(waiting: readonly string[], id: string, place: number): [string, string][] {
  const from = waiting.indexOf(id);
  const at = Math.min(Math.max(place, 0), waiting.length - 1);
  if (from < 0 || from === at) return [];
  if (at < waiting.length - 1) return [[id, waiting[at < from ? at : at + 1] as string]];
  return waiting.slice(from + 1).map((other) => [other, id]); // nothing comes after the last: all others go before it
}

export async function moveInQueue(waiting: readonly Job[], id: string, place: number): Promise<void> {
  const ids = waiting.map((job) => job.id);
  try {
    for (const [job, before] of movesTo(ids, id, place)) await service.moveBefore(job, before);
  } catch (error) {
    complain(error); // it has begun meanwhile, mostly
  }
  await loadOrder();
}

export async function cancelAll(jobs: readonly Job[]): Promise<void> {
  const last = [...jobs].reverse(); // those that wait first, or they would begin
  for (const job of last) await service.cancel(job.id).catch(() => {});
  say(t("says.cancelledAll", { count: jobs.length }));
}
