/** The words of the page in the language of its reader; English where a language lacks them. A file each. */
import i18next from "i18next";
import en from "./en.json";

const FILES = import.meta.glob<Words>(["./*.json", "!./en.json"], { import: "default" });
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
  if (load) words.addResourceBundle(found, "translation", await load());
  await words.changeLanguage(found);
  return found;
}

function nameOf(path: string): string {
  return path.slice(2, -".json".length);
}
