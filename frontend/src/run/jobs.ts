/** Jobs and what is known of them, from the entries of the log; pure. */
import type { Event, JobView, Progress } from "~/api/messages";

export type TaskState = "running" | "done" | "cached" | "failed" | "skipped";

export interface Failure {
  code: string;
  message: string;
  hint?: string;
}

export interface Task {
  state: TaskState;
  /** Milliseconds since the epoch. */
  began?: number;
  ended?: number;
  seconds?: number;
  /** The bytes that it took at most, its models with them, where most of it is: on the device, or in the host. */
  memory?: number;
  step?: number;
  total?: number;
  failure?: Failure;
  cause?: string;
}

export interface ResultFile {
  task: string;
  name: string;
  digest: string;
  media_type: string;
  bytes: number;
}

export interface Job {
  id: string;
  /** The document that it was run from, here; empty for jobs of others. */
  doc: string;
  title: string;
  state: JobView["state"];
  batch: string | null;
  /** Values of the named inputs. */
  inputs: Readonly<Record<string, unknown>>;
  created: number;
  started: number | null;
  ended: number | null;
  cancelling: boolean;
  failure: Failure | null;
  outputs: Record<string, unknown>;
  tasks: Record<string, Task>;
  files: ResultFile[];
  /** By task, the seconds that it was expected to take when it was submitted from here; those from the cache are left out. */
  expected: Readonly<Record<string, number>> | null;
  /** What made its results beside the workflow, as the service says it; null until a run has ended. */
  lock: unknown;
}

const DOC = "doc:";

export const docTag = (id: string) => DOC + id;

export function jobOf(view: JobView, known?: Job): Job {
  const time = (text: string | null) => (text === null ? null : Date.parse(text));
  const result = view.result as { outputs?: Record<string, unknown>; files?: ResultFile[] } | null;
  return {
    id: view.id,
    doc: view.tags.find((tag) => tag.startsWith(DOC))?.slice(DOC.length) ?? "",
    title: view.title,
    state: view.state,
    batch: view.batch,
    inputs: view.inputs,
    created: time(view.created) ?? 0,
    started: time(view.started),
    ended: time(view.ended),
    cancelling: view.cancelling,
    failure: view.failure,
    outputs: result?.outputs ?? {},
    tasks: known?.tasks ?? {},
    files: result?.files ?? known?.files ?? [],
    expected: known?.expected ?? null,
    lock: view.lock ?? null,
  };
}

/** Takes an entry of the log in; returns whether the job must be asked for, as the entry does not say all. */
export function take(jobs: Record<string, Job>, event: Event): boolean {
  const job = jobs[event.job];
  if (!job) return event.kind !== "deleted" && event.kind !== "batch_finished" && event.job !== "";
  const time = Date.parse(event.time);
  switch (event.kind) {
    case "started":
      Object.assign(job, { state: "running", started: time, ended: null, tasks: {}, files: [], failure: null });
      return false;
    case "requeued":
      Object.assign(job, { state: "queued", started: null, cancelling: false, tasks: {} });
      return false;
    case "cancelling":
      job.cancelling = true;
      return false;
    case "deleted":
      delete jobs[event.job];
      return false;
    case "finished":
      return true;
    case "output":
      job.files.push(event.data as unknown as ResultFile);
      return false;
    default:
      takeTask(job, event, time);
      return false;
  }
}

/** The node of a task, with its way: `outer[0]/sample[3]` is `outer/sample`, and `loop[]` and `loop[3]?` are `loop`. */
export const nodeOf = (task: string): string => task.replace(/\[\d*\]\??/g, "");

function takeTask(job: Job, event: Event, time: number): void {
  if (typeof event.data.task !== "string") return;
  setTask(job, event.data.task, event, time);
  const node = nodeOf(event.data.task);
  if (node !== event.data.task) setTask(job, node, event, time);
}

function setTask(job: Job, name: string, event: Event, time: number): void {
  const before = job.tasks[name];
  switch (event.kind) {
    case "task_started":
      job.tasks[name] = { state: "running", began: time };
      break;
    case "task_cached":
      job.tasks[name] = { state: "cached", ended: time };
      break;
    case "task_finished":
      job.tasks[name] = { state: "done", began: before?.began, ended: time, seconds: Number(event.data.seconds) };
      keepMemory(job.tasks[name], before, event.data.memory as Footprint | undefined);
      break;
    case "task_failed":
      job.tasks[name] = { state: "failed", began: before?.began, ended: time, failure: event.data.failure as Failure };
      break;
    case "task_skipped":
      job.tasks[name] = { state: "skipped", cause: String(event.data.cause ?? "") };
      break;
  }
}

/** What a call took of the memory, as the service tells it. */
interface Footprint {
  host: number | null;
  weights: number;
  working: number;
  /** What the device has of its own; 0 where it computes in the host's memory. */
  capacity: number;
}

/** Of the calls for the items of a list, the largest counts. */
function keepMemory(task: Task, before: Task | undefined, told: Footprint | undefined): void {
  const taken = told && told.weights + (told.capacity > 0 ? told.working : (told.host ?? 0));
  const most = Math.max(taken ?? 0, before?.memory ?? 0);
  if (most > 0) task.memory = most;
}

export function takeProgress(jobs: Record<string, Job>, progress: Progress): void {
  const tasks = jobs[progress.job]?.tasks ?? {};
  for (const [name, step] of Object.entries(progress.tasks)) {
    const task = tasks[name];
    if (task?.state === "running") Object.assign(task, { step: step.step, total: step.total });
  }
}

export function isOver(job: Job): boolean {
  return job.state === "done" || job.state === "failed" || job.state === "cancelled";
}

/** What share of a job is done, 0 to 1: by the seconds that its tasks were expected to take, where that is known. */
export function shareOf(job: Job, now = Date.now()): number {
  if (isOver(job)) return 1;
  const weights = job.expected ?? Object.fromEntries(Object.keys(job.tasks).map((name) => [name, 1]));
  let [done, all] = [0, 0];
  for (const [name, seconds] of Object.entries(weights)) {
    all += seconds;
    const task = job.tasks[name];
    if (task) done += seconds * partOf(task, job.expected ? seconds : 0, now);
  }
  return all > 0 ? done / all : 0;
}

const MOST_GUESSED = 0.9;

/** Of one task: by its steps, else by the clock. */
function partOf(task: Task, seconds: number, now: number): number {
  if (task.state !== "running") return 1;
  if (task.total) return (task.step ?? 0) / task.total;
  return seconds > 0 && task.began !== undefined ? Math.min((now - task.began) / 1_000 / seconds, MOST_GUESSED) : 0;
}

const LEAST = 0.01;

/** The seconds that each task of a plan is expected to take; what nobody knows takes as long as the others do. */
export function expectedOf(tasks: Readonly<Record<string, { verdict: string; seconds: number | null }>>) {
  const running = Object.entries(tasks).filter(([, { verdict }]) => verdict === "runs" || verdict === "may_run");
  const known = running.map(([, { seconds }]) => seconds).filter((each) => each !== null);
  const usual = known.length > 0 ? known.reduce((sum, each) => sum + each, 0) / known.length : 1;
  return Object.fromEntries(running.map(([name, { seconds }]) => [name, Math.max(seconds ?? usual, LEAST)]));
}
