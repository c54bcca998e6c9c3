/** Languages: the same keys and the same places for values in each, and English for the rest. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { languages, t, takeLanguage, told } from "~/i18n/language";
import { langOf } from "~/run/told";

const folder = new URL("../src/i18n/", import.meta.url);
const read = (name: string) => flat(JSON.parse(readFileSync(new URL(name, folder), "utf8")));

function flat(words: Record<string, unknown>, before = ""): Record<string, string> {
  return Object.fromEntries(
    Object.entries(words).flatMap(([key, value]) =>
      typeof value === "string" ? [[before + key, value]] : Object.entries(flat(value as never, `${before + key}.`)),
    ),
  );
}

const places = (text = "") => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

test("each language says what English says, with the same values", () => {
  const english = read("en.json");
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  expect(files.map((name) => name.replace(".json", "")).sort()).toEqual(languages().sort());
  for (const name of files) {
    for (const [key, text] of Object.entries(read(name))) {
      expect(places(text), `${name} ${key}`).toEqual(places(english[key]));
      expect(english).toHaveProperty([key]);
    }
  }
});

const sources = readdirSync(new URL("../", folder), { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !name.includes("generated"))
  .map((name) => [name, readFileSync(new URL(name, new URL("../", folder)), "utf8")] as const);

test("every word that is asked for is there", () => {
  const english = read("en.json");
  const asked = sources.flatMap(([name, text]) =>
    [...text.matchAll(/\bt\("([\w.-]+)"/g)].map(([, key]) => [name, key]),
  );
  expect(asked.length).toBeGreaterThan(300);
  const missing = asked.filter(([, key = ""]) => !(key in english) && !(`${key}_other` in english));
  expect(missing).toEqual([]);
});

test("what was done is said in the words of the reader", () => {
  const own = sources.flatMap(([name, text]) =>
    [...text.matchAll(/\b(?:edit|replaceDocument)\(\s*["'`]/g)].map(([call]) => `${name}: ${call}`),
  );
  expect(own).toEqual([]);
});

test("the first language that there is is taken", async () => {
  expect(t("app.up", { title: "<b>" })).toBe("Move <b> up");
  expect(await takeLanguage(["xx", "de-AT", "en"])).toBe("de");
  expect(t("app.cancel")).toBe("Abbrechen");
  expect(await takeLanguage(["xx"])).toBe("en");
  expect(t("app.cancel")).toBe("Cancel");
});

const said = (name: string) => flat(JSON.parse(readFileSync(new URL(`service/${name}`, folder), "utf8")));

test("what the service says is translated by its codes, and only by those that there are", () => {
  const types = readFileSync(new URL("../src/api/generated/service.ts", import.meta.url), "utf8");
  const codes = new Set([...types.matchAll(/"(\w+)"/g)].map(([, code]) => code));
  for (const name of readdirSync(new URL("service/", folder))) {
    expect(languages()).toContain(name.replace(".json", ""));
    for (const key of Object.keys(said(name))) expect(codes, `${name} ${key}`).toContain(key.split(".")[1]);
  }
});

test("what the service says is shown as it said it, where there are no words or something is not known", async () => {
  const problem = ["problems", "missing_input", "Model is wanted"] as const;
  expect(told(...problem, { type: "Model" })).toBe("Model is wanted"); // the service speaks English itself
  await takeLanguage(["de"]);
  expect(told(...problem, { type: "Model" })).toMatch(/^Model wird gebraucht/);
  expect(told(...problem, {})).toBe("Model is wanted");
  expect(langOf(told(...problem, {}), problem[2])).toBe("en");
  const bound = ["problems", "invalid_value", "less than or equal to 9; 12 was given"] as const;
  const own = told(...bound, { value: "12", wanted: "≤ 9" });
  expect([own, langOf(own, bound[2])]).toEqual(["12 passt hier nicht, gebraucht wird ≤ 9", undefined]);
  expect(told("reasons", "source_runs", "it runs", { node: null, input: "a" })).toBe("it runs");
  expect(told("problems", "brand_new", "never heard of", {})).toBe("never heard of");
  await takeLanguage(["en"]);
});
