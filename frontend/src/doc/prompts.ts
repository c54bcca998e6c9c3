/** The prompts of documents: for which model one is, and which words they are made of. */
import type { Input } from "~/catalog/catalog";
import type { SocketFinder } from "~/catalog/sockets";
import { type Part, sourceOf, type Workflow } from "./model";

const MODELS = "models";

/** The reference of a file that an input gives: a plain path lies under the first root of the input. */
export function referenceOf(input: Input, value: unknown): string | null {
  const [first, ...rest] = input.roots ?? [];
  if (typeof value !== "string" || value === "" || first === undefined) return null;
  return [first, ...rest].some((root) => value.startsWith(`${root}:`)) ? value : `${first}:${value}`;
}

/** The model that a node works with: the one that is loaded behind it, else the only one of the document; or null. */
export function modelBehind(finder: SocketFinder, doc: Workflow, part: Part, node: string): string | null {
  const seen = new Set([node]);
  for (const name of seen) {
    const found = loaded(finder, doc, part, name);
    if (found !== null) return found;
    for (const value of Object.values(part.nodes?.[name]?.inputs ?? {})) {
      const source = sourceOf(value);
      if (source) seen.add(source.node); // a set gives what is added while it is walked
    }
  }
  return onlyModel(finder, doc);
}

const known = new WeakMap<Workflow, { finder: SocketFinder; model: string | null }>();

/** The model of a document that has only one; looked for once, however many prompts ask. */
function onlyModel(finder: SocketFinder, doc: Workflow): string | null {
  const before = known.get(doc);
  if (before?.finder === finder) return before.model;
  const parts = [doc, ...Object.values(doc.subgraphs ?? {})];
  const all = parts.flatMap((each) => Object.keys(each.nodes ?? {}).map((name) => loaded(finder, doc, each, name)));
  const models = new Set(all.filter((each) => each !== null));
  const model = models.size === 1 ? ([...models][0] ?? null) : null;
  known.set(doc, { finder, model });
  return model;
}

function loaded(finder: SocketFinder, doc: Workflow, part: Part, name: string): string | null {
  const node = part.nodes?.[name];
  const sockets = node && finder.of(node.type, doc);
  const input = sockets?.inputs.find((each) => each.type === "File" && each.roots?.includes(MODELS));
  return input ? referenceOf(input, node?.inputs?.[input.name] ?? input.default) : null;
}

const WORD = /[\p{L}\p{N}][\p{L}\p{N}'’_-]*/gu;
const LEAST = 3;

/** The words of the prompts of documents, those that stand in most places first. */
export function promptWords(finder: SocketFinder, docs: Iterable<Workflow>): string[] {
  const counts = new Map<string, number>();
  for (const doc of docs) {
    for (const part of [doc, ...Object.values(doc.subgraphs ?? {})]) {
      for (const text of promptsOf(finder, doc, part)) {
        for (const [word] of text.matchAll(WORD)) {
          if (word.length >= LEAST && !/^\d/.test(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
        }
      }
    }
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).map(([word]) => word);
}

function promptsOf(finder: SocketFinder, doc: Workflow, part: Part): string[] {
  return Object.values(part.nodes ?? {}).flatMap((node) => {
    const inputs = finder.of(node.type, doc)?.inputs ?? [];
    const prompts = inputs.filter((input) => input.widget?.kind === "prompt");
    return prompts.map(({ name }) => node.inputs?.[name]).filter((value) => typeof value === "string");
  });
}

export interface Completion {
  word: string;
  /** What it replaces. */
  from: number;
  to: number;
}

const MOST = 8;

/** The words that may be meant by the one that is being written before a place in a text. */
export function completions(text: string, at: number, lists: readonly (readonly string[])[]): Completion[] {
  const begun = /[\p{L}\p{N}'’_-]*$/u.exec(text.slice(0, at))?.[0] ?? "";
  const isInside = /^[\p{L}\p{N}'’_-]/u.test(text.slice(at));
  if (begun.length < 2 || isInside) return [];
  const wanted = begun.toLowerCase();
  const found = new Map<string, string>();
  for (const list of lists) {
    for (const word of list) {
      const lower = word.toLowerCase();
      if (found.size === MOST) break;
      if (lower.length > wanted.length && lower.startsWith(wanted) && !found.has(lower)) found.set(lower, word);
    }
  }
  return [...found.values()].map((word) => ({ word, from: at - begun.length, to: at }));
}
