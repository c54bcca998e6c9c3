/** Keys that somebody has changed: each does one thing, and what was changed can be taken back. */
import { beforeEach, expect, test, vi } from "vitest";

vi.hoisted(() => {
  vi.stubGlobal("location", { hash: "" });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {}, removeItem: () => {} });
});

import { bind, boundTo, keysOf, reset, resetAll, unbind, useBindings, whyNot } from "~/commands/bindings";
import { COMMANDS, command, titleOf } from "~/commands/table";

const of = (id: string) => {
  const found = command(id);
  if (!found) throw new Error(id);
  return found;
};

beforeEach(resetAll);

test("no keys of the table do two things, and every command has a title", () => {
  const all = COMMANDS.flatMap((each) => each.keys ?? []);
  expect(new Set(all).size).toBe(all.length);
  for (const each of COMMANDS) expect(titleOf(each)).not.toBe(`commands.${each.id}`);
});

test("keys go from one command to another, and back", () => {
  bind(of("mute"), "Mod+D");
  expect(boundTo("Mod+D")?.id).toBe("mute");
  expect(keysOf(of("mute"))).toEqual(["Mod+D", "M"]);
  expect(keysOf(of("duplicate"))).toEqual([]);
  reset(of("duplicate"));
  expect(boundTo("Mod+D")?.id).toBe("duplicate");
  expect(keysOf(of("mute"))).toEqual(["M"]);
  expect(useBindings.getState().own).toEqual({}); // as in the table: nothing is kept
});

test("keys are taken away, and all come back", () => {
  for (const keys of [...keysOf(of("redo"))]) unbind(of("redo"), keys);
  expect(boundTo("Mod+Y")).toBeUndefined();
  resetAll();
  expect(keysOf(of("redo"))).toEqual(["Mod+Shift+Z", "Mod+Y"]);
});

test("a modifier alone is no key, and Escape stays what it is", () => {
  expect(["Shift+Shift", "Mod+Control", "Escape", "A", "Mod++", "F5"].map(whyNot)).toEqual([
    "modifier",
    "modifier",
    "escape",
    null,
    null,
    null,
  ]);
});

test("what a browser has kept of other times breaks nothing", () => {
  useBindings.setState({ own: { undo: 5, gone: ["Mod+Z"] } as never });
  expect(boundTo("Mod+Z")?.id).toBe("undo");
});
