/** From the socket to the store: entries are gathered, and set once in a frame; of previews the newest only. */
import { Refused } from "~/api/http";
import type { Event, JobView, Preview, Progress } from "~/api/messages";
import { service } from "~/api/service";
import { type Link, type Listener, Socket } from "~/api/socket";
import { isOver, type Job, jobOf, take, takeProgress } from "./jobs";
import { dropOldPreviews, setPreviews } from "./previews";
import { loadOrder } from "./queue";
import { changeJobs, previewKey, useRuns } from "./store";

const MOST_JOBS = 200;
const ASK_AGAIN = 1_000;

export class Feed implements Listener {
  private waiting: (Event | Progress)[] = [];
  /** Entries of jobs that are being asked for: what happens to them in the meantime is taken in after the answer. */
  private readonly parked = new Map<string, Event[]>();
  private readonly pictures = new Map<string, Preview>();
  private isDue = false;

  constructor(private readonly onEnd: (job: Job) => void) {}

  start(): Socket {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new Socket(`${scheme}//${location.host}/api/ws`, this);
    socket.connect();
    addEventListener("online", () => socket.wake());
    document.addEventListener("visibilitychange", () => socket.wake());
    return socket;
  }

  link(link: Link): void {
    useRuns.setState({ link });
    if (link === "open") void loadOrder();
    if (link === "open") void service.queue().then(({ paused }) => useRuns.setState({ paused }));
  }

  known(jobs: readonly JobView[], newest: number): number {
    this.resync(jobs);
    const open = jobs.filter((job) => job.state === "queued" || job.state === "running");
    const shown = new Set(Object.values(useRuns.getState().shown));
    const wanted = jobs.filter((job) => shown.has(job.id) || open.includes(job)).map((job) => job.seq);
    return Math.min(newest, ...wanted.map((seq) => seq - 1));
  }

  resync(jobs: readonly JobView[]): void {
    changeJobs((draft) => {
      for (const view of jobs) draft[view.id] = jobOf(view, draft[view.id]);
    });
  }

  event(event: Event): void {
    if (event.kind === "paused" || event.kind === "resumed") useRuns.setState({ paused: event.kind === "paused" });
    else this.wait(event);
    if (event.kind === "moved" || event.kind === "requeued") void loadOrder();
  }

  progress(progress: Progress): void {
    this.wait(progress);
  }

  preview(preview: Preview): void {
    if (!preview.data) return;
    this.pictures.set(previewKey(preview.job, preview.task), preview);
    this.due();
  }

  private wait(what: Event | Progress): void {
    this.waiting.push(what);
    this.due();
  }

  private due(): void {
    if (this.isDue) return;
    this.isDue = true;
    if (document.hidden)
      setTimeout(() => this.set(), 100); // a hidden page has no frames
    else requestAnimationFrame(() => this.set());
  }

  private set(): void {
    this.isDue = false;
    const told = this.waiting;
    this.waiting = [];
    changeJobs((jobs) => {
      for (const each of told) {
        const parked = this.parked.get(each.job);
        if (each.type === "progress") takeProgress(jobs, each);
        else if (each.type === "event" && parked) parked.push(each);
        else if (each.type === "event" && take(jobs, each)) this.ask(each.job);
      }
    });
    this.setPictures();
  }

  private ask(id: string): void {
    this.parked.set(id, []);
    void answerOf(id).then((found) => this.answered(id, found));
  }

  private answered(id: string, found: JobView | null): void {
    const missed = this.parked.get(id) ?? [];
    this.parked.delete(id);
    if (!found) return;
    const before = useRuns.getState().jobs[id];
    changeJobs((jobs) => {
      jobs[id] = jobOf(found, jobs[id]);
      forgetOld(jobs);
    });
    const job = useRuns.getState().jobs[id];
    if (job && isOver(job) && before && !isOver(before)) this.onEnd(job);
    this.waiting.unshift(...missed); // what has come since is newer
    this.due();
  }

  private setPictures(): void {
    if (this.pictures.size > 0) setPreviews(this.pictures.values());
    this.pictures.clear();
    dropOldPreviews();
  }
}

/** The job as the service knows it, or null where it knows it no longer. */
async function answerOf(id: string): Promise<JobView | null> {
  for (;;) {
    try {
      return await service.job(id);
    } catch (error) {
      if (error instanceof Refused) return null;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
    }
  }
}

function forgetOld(jobs: Record<string, Job>): void {
  const over = Object.values(jobs).filter(isOver);
  if (over.length <= MOST_JOBS) return;
  over.sort((a, b) => a.created - b.created);
  for (const job of over.slice(0, over.length - MOST_JOBS)) delete jobs[job.id];
}
