/** The workflows that come along, with their pictures; each is fetched when it is wanted. */
import { parseWorkflow } from "~/doc/file";
import type { Workflow } from "~/doc/model";

const TEXTS = import.meta.glob<string>("../../../workflows/*.json", { query: "?raw", import: "default" });
const PICTURES = import.meta.glob<string>("../../../workflows/gallery/*.{png,webp}", {
  query: "?url",
  import: "default",
  eager: true,
});

export interface Template {
  name: string;
  picture: string | null;
  load(): Promise<Workflow>;
}

export const TEMPLATES: readonly Template[] = Object.entries(TEXTS).map(([path, load]) => {
  const name = nameOf(path);
  const picture = Object.entries(PICTURES).find(([each]) => nameOf(each) === name)?.[1] ?? null;
  return { name, picture, load: async () => parseWorkflow(await load(), name) };
});

function nameOf(path: string): string {
  return (path.split("/").at(-1) ?? path).replace(/\.\w+$/, "");
}
