/** The words of the views are those of the languages: every key is there, and none is written into a view. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const source = new URL("../src/", import.meta.url);
const files = (readdirSync(source, { recursive: true }) as string[])
  .filter((name) => /\.tsx?$/.test(name) && !name.includes("generated"))
  .map((name) => ({ name, text: readFileSync(new URL(name, source), "utf8") }));

const VIEWS = /^(ui|panels|app|mask|viewers|canvas)\/\w+\.tsx$/;

function keysIn(words: Record<string, unknown>, before = ""): string[] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === "string" ? [before + key] : keysIn(value as Record<string, unknown>, `${before}${key}.`),
  );
}
const read = (name: string) => keysIn(JSON.parse(readFileSync(new URL(`i18n/${name}.json`, source), "utf8")));

test("both languages have the same keys", () => {
  expect(read("de").sort()).toEqual(read("en").sort());
});

test("what is asked for is there", () => {
  const known = new Set(read("en").map((key) => key.replace(/_(one|other)$/, "")));
  const asked = files.flatMap(({ name, text }) =>
    [...text.matchAll(/\bt\(\s*"([\w.-]+)"/g)].map(([, key]) => ({ name, key })),
  );
  expect(asked.length).toBeGreaterThan(100);
  expect(asked.filter(({ key }) => !known.has(key ?? ""))).toEqual([]);
});

test("what is there is asked for", () => {
  const all = files.map(({ text }) => text).join("\n");
  const starts = [...all.matchAll(/\bt\(\s*`([\w.-]+\.)\$\{/g)].map(([, start]) => start ?? "");
  const isUsed = (key: string) => all.includes(`"${key}"`) || starts.some((start) => key.startsWith(start));
  expect(read("en").filter((key) => !isUsed(key.replace(/_(one|other)$/, "")))).toEqual([]);
});

test("no view has words of its own", () => {
  const attribute =
    /\b(?:aria-label|title|placeholder|alt|says|label)=(?:"[^"]*[A-Za-z]{2}[^"]*"|\{`[^`$]*[A-Za-z]{3})/g;
  const between = />\s*[A-Z][a-z]+[^<>{}=;()&|?:]*(?=[<{])/g;
  const found = files
    .filter(({ name }) => VIEWS.test(name))
    .flatMap(({ name, text }) => {
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "").replace(/=>/g, "");
      return [...code.matchAll(attribute), ...code.matchAll(between)].map(([words]) => `${name}: ${words.trim()}`);
    });
  expect(found).toEqual([]);
});
