/** Languages: the same keys and the same places for values in each, and English for the rest. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { languages, t, takeLanguage } from "~/i18n/language";

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

test("the first language that there is is taken", async () => {
  expect(t("app.up", { title: "<b>" })).toBe("Move <b> up");
  expect(await takeLanguage(["xx", "de-AT", "en"])).toBe("de");
  expect(t("app.cancel")).toBe("Abbrechen");
  expect(await takeLanguage(["xx"])).toBe("en");
  expect(t("app.cancel")).toBe("Cancel");
});
