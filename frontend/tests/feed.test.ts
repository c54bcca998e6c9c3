/** From the socket to the store: a job that is new here is asked for, and nothing of it is lost in the meantime. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refused } from "~/api/http";
import type { Event, JobView } from "~/api/messages";
import { service } from "~/api/service";
import { Feed } from "~/run/feed";
import type { Job } from "~/run/jobs";
import { useRuns } from "~/run/store";

const view = (state: JobView["state"]) =>
  ({
    id: "j",
    tags: ["doc:d"],
    title: "T",
    state,
    created: "2026-01-01T00:00:00Z",
    result: null,
  }) as unknown as JobView;

const entry = (kind: string, data: Record<string, unknown> = {}) =>
  ({ type: "event", job: "j", kind, data, time: "2026-01-01T00:00:01Z" }) as unknown as Event;

const stateOf = (task: string) => useRuns.getState().jobs.j?.tasks[task]?.state;

let answers: { resolve: (view: JobView) => void; reject: (error: Error) => void }[];
let ended: Job[];
let feed: Feed;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", { hidden: true });
  answers = [];
  ended = [];
  feed = new Feed((job) => ended.push(job));
  useRuns.setState({ jobs: {}, shown: {} });
  vi.spyOn(service, "job").mockImplementation(
    () => new Promise((resolve, reject) => answers.push({ resolve, reject })),
  );
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const hear = async (...events: Event[]) => {
  for (const each of events) feed.event(each);
  await vi.advanceTimersByTimeAsync(200);
};

test("what happens to a job while it is asked for is taken in after the answer", async () => {
  await hear(entry("queued"));
  await hear(entry("started"), entry("task_started", { task: "sample" }));
  expect(answers).toHaveLength(1);
  answers[0]?.resolve(view("queued"));
  await vi.advanceTimersByTimeAsync(200);
  expect(useRuns.getState().jobs.j?.state).toBe("running");
  expect(useRuns.getState().shown).toEqual({ d: "j" });
  expect(stateOf("sample")).toBe("running");
});

test("a job that ends while it is asked for ends once", async () => {
  await hear(entry("queued"), entry("started"), entry("task_cached", { task: "model" }), entry("finished"));
  answers[0]?.resolve(view("done"));
  await vi.advanceTimersByTimeAsync(200);
  expect(stateOf("model")).toBe("cached");
  expect(answers).toHaveLength(2);
  answers[1]?.resolve(view("done"));
  await vi.advanceTimersByTimeAsync(200);
  expect(useRuns.getState().jobs.j?.state).toBe("done");
  expect(ended.map((job) => job.id)).toEqual(["j"]);
});

test("a service that does not answer is asked again, and one that says no is not", async () => {
  await hear(entry("queued"), entry("task_started", { task: "sample" }));
  answers[0]?.reject(new Error("no answer"));
  await vi.advanceTimersByTimeAsync(1_200);
  expect(answers).toHaveLength(2);
  answers[1]?.reject(new Refused(404, "unknown_job", "there is none"));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(answers).toHaveLength(2);
  expect(useRuns.getState().jobs).toEqual({});
});
