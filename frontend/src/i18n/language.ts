/** The words of the page in the language of its reader; English where a language lacks them. A file each. */
import i18next from "i18next";
import en from "./en.json";

const FILES = import.meta.glob<Words>(["./*.json", "!./en.json"], { import: "default" });
/** What the service says, by its codes; it speaks English itself. */
const TOLD = import.meta.glob<Words>("./service/*.json", { import: "default" });
const ENGLISH = "en";

interface Words {
  [key: string]: string | Words;
}

const words = i18next.createInstance();
void words.init({
  lng: ENGLISH,
  fallbackLng: ENGLISH,
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false }, // nothing of it becomes HTML
  initAsync: false,
});

/** The words for a key, with values in their places. */
export const t = (key: string, values: Record<string, unknown> = {}): string => words.t(key, values);

export const languages = (): string[] => [ENGLISH, ...Object.keys(FILES).map(nameOf)];

/** Takes the first of some languages that there is; before anything is drawn. */
export async function takeLanguage(wanted: readonly string[]): Promise<string> {
  const known = languages();
  const found = wanted.map((each) => each.split("-")[0] ?? "").find((each) => known.includes(each)) ?? ENGLISH;
  const load = FILES[`./${found}.json`];
  const [own, service] = await Promise.all([load?.(), TOLD[`./service/${found}.json`]?.()]);
  if (own) words.addResourceBundle(found, "translation", { ...own, service });
  await words.changeLanguage(found);
  return found;
}

/**
 * What the service says, in the language of the reader: by its code, where there are words for it and all that they
 * are made of is known, else as the service said it.
 *
 * @param kind problems, notices, or reasons.
 */
export function told(
  kind: "problems" | "notices" | "reasons",
  code: string,
  message: string,
  values: Readonly<Record<string, unknown>>,
): string {
  const found: unknown = words.getResource(words.language, "translation", `service.${kind}.${code}`);
  if (typeof found !== "string") return message;
  const isWhole = [...found.matchAll(/\{\{(\w+)\}\}/g)].every(([, name]) => typeof values[name ?? ""] === "string");
  return isWhole ? t(`service.${kind}.${code}`, { ...values }) : message;
}

function nameOf(path: string): string {
  return path.slice(2, -".json".length);
}
