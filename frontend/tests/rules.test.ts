/** Small rules: sums, ranges, weights, search, tiers of detail, keys. */
import { expect, test, vi } from "vitest";
import { tierAt } from "~/canvas/Detail";
import { fuzzy } from "~/canvas/search";
import { evaluate } from "~/widgets/arithmetic";
import { clamp, rangeOf, shown, snap } from "~/widgets/range";
import { weighted } from "~/widgets/weights";

vi.stubGlobal("navigator", { platform: "Linux" });

test("sums", () => {
  const right: [string, number][] = [
    ["1024*1.5", 1536],
    ["(512+64)/2", 288],
    ["2^3^2", 512],
    ["-2^2", -4],
    ["1e3", 1000],
    [" 7 ", 7],
    ["1,5", 1.5],
    ["10%4", 2],
  ];
  for (const [text, value] of right) expect(evaluate(text)).toBe(value);
  for (const text of ["", "1+", "abc", "1 2", "(1", "1)", "1/0", "alert(1)", "--", "."])
    expect(evaluate(text)).toBeNull();
});

test("numbers stay where they are allowed, and the hand stops before that", () => {
  const input = {
    name: "cfg",
    type: "Float",
    required: false,
    schema: { type: "number", minimum: 0, maximum: 100 },
    widget: { kind: "slider", low: 1, high: 20, step: 0.1 },
  };
  const range = rangeOf(input);
  expect(clamp(120, range)).toBe(100);
  expect(clamp(50, range)).toBe(50);
  expect(snap(50, range, false)).toBe(20);
  expect(snap(7.2349, range, false)).toBe(7.2);
  expect(shown(7.5, range)).toBe("7.5");
  expect(clamp(2.6, rangeOf({ ...input, schema: { type: "integer" } }))).toBe(3);
});

test("weights of prompts", () => {
  const text = "a red circle";
  const once = weighted(text, 3, 3, 0.05);
  expect(once.text).toBe("a (red:1.05) circle");
  const twice = weighted(once.text, once.from, once.to, 0.05);
  expect(twice.text).toBe("a (red:1.1) circle");
  const back = weighted(once.text, once.from, once.to, -0.05);
  expect(back.text).toBe(text);
  expect(weighted(text, 2, 12, 0.1).text).toBe("a (red circle:1.1)");
});

test("search: beginnings before middles before scattered letters", () => {
  const [begins, word, middle, scattered] = ["vae decode", "tiled vae", "savaes", "v a e"].map((text) =>
    fuzzy("vae", text.toLowerCase()),
  );
  expect(begins).toBeGreaterThan(word ?? 0);
  expect(word).toBeGreaterThan(middle ?? 0);
  expect(middle).toBeGreaterThan(scattered ?? 0);
  expect(scattered).toBeGreaterThan(0);
  expect(fuzzy("xyz", "vae decode")).toBe(0);
});

test("tiers of detail do not flicker at a border", () => {
  expect(tierAt(1, "near")).toBe("near");
  expect(tierAt(0.72, "middle")).toBe("middle");
  expect(tierAt(0.72, "near")).toBe("near");
  expect(tierAt(0.2, "near")).toBe("far");
  expect(tierAt(0.4, "far")).toBe("far");
  expect(tierAt(0.4, "middle")).toBe("middle");
});

test("keys are named as the table writes them", async () => {
  const { nameOf } = await import("~/commands/keyname");
  const key = (of: object) =>
    nameOf({ key: "", code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...of });
  expect(key({ key: "z", code: "KeyZ", ctrlKey: true })).toBe("Mod+Z");
  expect(key({ key: "Z", code: "KeyZ", ctrlKey: true, shiftKey: true })).toBe("Mod+Shift+Z");
  expect(key({ key: "?", code: "Slash", shiftKey: true })).toBe("?");
  expect(key({ key: " ", code: "Space" })).toBe("Space");
  expect(key({ key: "Delete", code: "Delete", shiftKey: true })).toBe("Shift+Delete");
});
