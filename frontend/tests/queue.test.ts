/** The order of what waits. */
import { expect, test } from "vitest";
import type { Job } from "~/run/jobs";
import { movesTo } from "~/run/queue";
import { openJobs } from "~/run/store";

/** What the service does with a move. */
function moved(ids: readonly string[], moves: readonly [string, string][]): string[] {
  let now = [...ids];
  for (const [id, before] of moves) {
    now = now.filter((each) => each !== id);
    now.splice(now.indexOf(before), 0, id);
  }
  return now;
}

test("a job comes to every place from every other", () => {
  const ids = ["a", "b", "c", "d"];
  for (const id of ids) {
    for (let place = 0; place < ids.length; place++) {
      const found = moved(ids, movesTo(ids, id, place));
      expect(found.indexOf(id)).toBe(place);
      expect(found.filter((each) => each !== id)).toEqual(ids.filter((each) => each !== id));
    }
  }
  expect([movesTo(ids, "a", -1), movesTo(ids, "d", 9), movesTo(ids, "x", 0)]).toEqual([[], [], []]);
});

test("what runs comes first, then the order of the queue, then age", () => {
  const job = (id: string, state: string, created: number) => ({ id, state, created }) as unknown as Job;
  const jobs = [job("old", "queued", 1), job("run", "running", 9), job("b", "queued", 2), job("a", "queued", 3)];
  const known = Object.fromEntries([...jobs, job("over", "done", 0)].map((each) => [each.id, each]));
  expect(openJobs(known, ["a", "b"]).map(({ id }) => id)).toEqual(["run", "a", "b", "old"]);
});
