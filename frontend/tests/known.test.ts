/** The words of earlier prompts: read once, and again where they could not be read. */
import { beforeEach, expect, test, vi } from "vitest";
import { useKeeper } from "~/doc/keeping";
import { knownWords } from "~/run/words";

beforeEach(() => useKeeper.setState({ keeper: null }));

test("what could not be read is read again, and what was read is kept", async () => {
  const all = vi.fn().mockRejectedValueOnce(new Error("no database")).mockResolvedValue([]);
  await knownWords(null); // before the browser's own database is open
  useKeeper.setState({ keeper: { journal: { all } } as never });
  for (let time = 0; time < 3; time++) await knownWords(null);
  expect(all).toHaveBeenCalledTimes(2);
});
