/** What runs: the jobs, the newest of each document, and the pictures of work in progress. */
import { produce } from "immer";
import { create } from "zustand";
import type { Link } from "~/api/socket";
import { isOver, type Job, type Task } from "./jobs";

export interface Picture {
  url: string;
  width: number;
  height: number;
}

interface Runs {
  jobs: Readonly<Record<string, Job>>;
  /** By document, its newest job that has begun: the one whose states the nodes show. */
  shown: Readonly<Record<string, string>>;
  /** By job and task. */
  previews: Readonly<Record<string, Picture>>;
  link: Link;
  paused: boolean;
  /** The jobs that wait, in the order in which they will begin. */
  order: readonly string[];
}

export const useRuns = create<Runs>()(() => ({
  jobs: {},
  shown: {},
  previews: {},
  link: "connecting",
  paused: false,
  order: [],
}));

export const previewKey = (job: string, task: string) => `${job} ${task}`;

export function changeJobs(recipe: (jobs: Record<string, Job>) => void): void {
  useRuns.setState((state) => {
    const jobs = produce(state.jobs, recipe);
    return jobs === state.jobs ? state : { jobs, shown: shownOf(jobs) };
  });
}

function shownOf(jobs: Readonly<Record<string, Job>>): Record<string, string> {
  const shown: Record<string, Job> = {};
  for (const job of Object.values(jobs)) {
    if (job.doc === "" || job.state === "queued") continue;
    const known = shown[job.doc];
    if (!known || rank(job) > rank(known)) shown[job.doc] = job;
  }
  return Object.fromEntries(Object.entries(shown).map(([doc, job]) => [doc, job.id]));
}

const rank = (job: Job) => (job.state === "running" ? 1e15 : 0) + (job.started ?? job.created);

/** The task of a node in the shown job of a document; of many (a list, a loop) the one that tells most. */
export function taskOf(state: Runs, doc: string, node: string): Task | undefined {
  const job = state.jobs[state.shown[doc] ?? ""];
  return job?.tasks[node];
}

export function shownJob(state: Runs, doc: string): Job | undefined {
  return state.jobs[state.shown[doc] ?? ""];
}

/** Jobs that wait or run: those that run first, then in the order of the queue, as far as it is known, and by age. */
export function openJobs(jobs: Readonly<Record<string, Job>>, order: readonly string[] = []): Job[] {
  const places = new Map(order.map((id, index) => [id, index]));
  const place = (job: Job) => (job.state === "running" ? -1 : (places.get(job.id) ?? order.length));
  const open = Object.values(jobs).filter((job) => !isOver(job));
  return open.sort((a, b) => place(a) - place(b) || a.created - b.created);
}
