/** Locks as people read them, and the command that makes a result again. */
import { expect, test } from "vitest";
import { lockOf, replayCommand } from "~/run/lock";

const SHA = "a6c316cf53968b01b89d54479bbc8670b7eac5987132cf1a72cfa7f1105dcfb5";

test("a lock says models, inputs, what was around, and nodes", () => {
  const found = lockOf({
    version: 1,
    graphengine: "0.1.0",
    nodes: { "image.save": 1, "vae.decode": 2 },
    environment: { builtin: { device: "cpu", threads: "1" }, other: { library: "3" } },
    settings: { coalesce: false },
    models: { "models:a": { sha256: SHA, bytes: 17, found: "models:b" } },
    inputs: { "cat.png": { sha256: SHA } },
    output: { task: "save", index: 0 },
  });
  expect(found?.models).toEqual([{ name: "models:a", sha256: SHA, bytes: 17, found: "models:b" }]);
  expect(found?.inputs).toEqual([{ name: "cat.png", sha256: SHA, bytes: null, found: "" }]);
  expect(found?.facts.map(({ name, value }) => `${name}=${value}`)).toEqual([
    "graphengine=0.1.0",
    "device=cpu",
    "threads=1",
    "library (other)=3",
    "coalesce=false",
  ]);
  expect(found?.nodes[1]).toEqual({ name: "vae.decode", value: "2" });
});

test("a lock of another form is read as far as it goes", () => {
  for (const none of [null, undefined, [], "x", 3]) expect(lockOf(none)).toBe(null);
  expect(lockOf({})).toEqual({ models: [], inputs: [], facts: [], nodes: [] });
  const odd = { models: [1], inputs: { a: 5, b: { sha256: 7 } }, environment: { builtin: null }, nodes: "x" };
  expect(lockOf(odd)).toEqual({ models: [], inputs: [], facts: [], nodes: [] });
});

test("the command is one word for a shell, whatever the file is called", () => {
  expect(replayCommand("a_00001.png")).toBe("graphengine replay a_00001.png");
  expect(replayCommand("it's; rm -rf ~.png")).toBe("graphengine replay 'it'\\''s; rm -rf ~.png'");
  expect(replayCommand("-x.png")).toBe("graphengine replay ./-x.png");
  expect(replayCommand("ü $HOME.png")).toBe("graphengine replay 'ü $HOME.png'");
});
