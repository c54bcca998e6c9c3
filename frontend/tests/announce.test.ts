/** What is read out of runs: each change once, and of failures the node by its title. */
import { expect, test } from "vitest";
import { useTabs } from "~/doc/tabs";
import { failureOf, newsOf } from "~/run/announce";
import type { Job } from "~/run/jobs";

const job = (more: Partial<Job>): Job =>
  ({
    id: "j",
    doc: "d",
    title: "Cat",
    state: "queued",
    started: 0,
    ended: 0,
    tasks: {},
    failure: null,
    ...more,
  }) as Job;
const news = (before: Partial<Job> | null, now: Partial<Job>) =>
  newsOf(before ? { j: job(before) } : {}, { j: job(now) });

test("what begins and ends is told once", () => {
  expect(news({}, { state: "running" })).toEqual(["Cat: started."]);
  expect(news({ state: "running" }, { state: "running" })).toEqual([]);
  expect(news({ state: "running" }, { state: "done", started: 1_000, ended: 3_500 })).toEqual([
    "Cat: finished after 2.5 s.",
  ]);
  expect(news({ state: "running" }, { state: "cancelled" })).toEqual(["Cat: cancelled."]);
});

test("what was over when the page opened, and what others run, is no news", () => {
  expect(news(null, { state: "done" })).toEqual([]);
  expect(news({ doc: "" }, { doc: "", state: "running" })).toEqual([]);
});

test("a failure names the node", () => {
  const doc = { format: "graphengine.workflow", version: 1, nodes: { a: { type: "x", title: "Paint it" } } } as const;
  useTabs.setState(({ tabs }) => ({ tabs: tabs.map((tab) => ({ ...tab, id: "d", doc })) as never }));
  const failure = { code: "x", message: "no room" };
  const tasks = { b: { state: "done" }, "a[2]": { state: "failed", failure } } as Job["tasks"];
  expect(failureOf(job({ tasks, failure }))).toBe("“Paint it” failed: no room");
  expect(failureOf(job({ tasks: { "gone/c": { state: "failed", failure } } }))).toBe("“c” failed: no room");
  expect(failureOf(job({ failure }))).toBe("The run failed: no room");
});
