/**
 * Outputs that have names: their links are drawn as tags at both ends, and not as wires.
 *
 * The names are part of the view, beside the place of the node: what is linked stays linked, whoever runs it.
 */
import type { Draft } from "immer";
import { type Address, addressOf, type Link, linksOf, type Part, written } from "./model";

type PartDraft = Draft<Part>;

const KEY = "names";
const LONGEST = 60;
const none: ReadonlyMap<string, string> = new Map();
const known = new WeakMap<object, ReadonlyMap<string, string>>();

/** By output, as `node.output`, the name that it has. The same map for the same view. */
export function namesOf(part: Part): ReadonlyMap<string, string> {
  const places = part.view?.nodes;
  if (!places) return none;
  let found = known.get(places);
  if (!found) {
    const names = new Map<string, string>();
    for (const [node, place] of Object.entries(places)) {
      if (typeof place[KEY] !== "object" || place[KEY] === null || !part.nodes?.[node]) continue;
      for (const [name, word] of Object.entries(place[KEY]))
        if (typeof word === "string" && word) names.set(written({ node, name }), word);
    }
    found = names.size > 0 ? names : none;
    known.set(places, found);
  }
  return found;
}

/** Gives an output a name, which is made another where a second output has it; an empty one takes it away. */
export function setName(part: PartDraft, source: Address, wish: string): void {
  part.view ??= {};
  part.view.nodes ??= {};
  const place = part.view.nodes[source.node] ?? {};
  const { [source.name]: _, ...rest } = (place[KEY] ?? {}) as Record<string, unknown>;
  const name = freeOf(part, source, wish.trim().slice(0, LONGEST));
  const names = name ? { ...rest, [source.name]: name } : rest;
  const { [KEY]: __, ...others } = place;
  part.view.nodes[source.node] = Object.keys(names).length > 0 ? { ...others, [KEY]: names } : others;
}

function freeOf(part: PartDraft, source: Address, wish: string): string {
  const taken = new Set<unknown>();
  for (const [node, place] of Object.entries(part.view?.nodes ?? {}))
    for (const [name, word] of Object.entries((place[KEY] ?? {}) as Record<string, unknown>))
      if (node !== source.node || name !== source.name) taken.add(word);
  if (!wish || !taken.has(wish)) return wish;
  let number = 2;
  while (taken.has(`${wish} ${number}`)) number++;
  return `${wish} ${number}`;
}

export interface Tag extends Link {
  name: string;
}

/** The links that are drawn as tags. */
export function tagsOf(part: Part): Tag[] {
  const names = namesOf(part);
  if (names.size === 0) return [];
  return [...linksOf(part)].flatMap((link) => {
    const name = names.get(written(link.source));
    return name === undefined ? [] : [{ ...link, name }];
  });
}

/** The outputs that have names. */
export function namedOutputs(part: Part): { name: string; source: Address }[] {
  return [...namesOf(part)].map(([source, name]) => ({ name, source: addressOf(source) }));
}
