/** What usually comes after a node: as the workflows that come along do it, and else by the types of its outputs. */
import type { Catalog, Sockets } from "~/catalog/catalog";
import { isWritable } from "~/catalog/catalog";
import type { SocketFinder } from "~/catalog/sockets";
import { linksOf, type Part, type Workflow } from "~/doc/model";

export interface Suggestion {
  node: Sockets;
  output: string;
  type: string;
}

/**
 * How often a type of node took an output of another: by `type.output` and the taking type; and how often it took a
 * type of value, whatever it came from, by the name of that.
 */
export type Habits = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Counts in workflows what follows what. */
export function habitsOf(finder: SocketFinder, docs: Iterable<Workflow>): Habits {
  const habits = new Map<string, Map<string, number>>();
  const count = (key: string, taker: string) => {
    const counts = habits.get(key) ?? new Map<string, number>();
    habits.set(key, counts.set(taker, (counts.get(taker) ?? 0) + 1));
  };
  for (const doc of docs) {
    for (const part of [doc, ...Object.values(doc.subgraphs ?? {})]) {
      for (const { source, target } of linksOf(part)) {
        const [from, to] = [part.nodes?.[source.node]?.type, part.nodes?.[target.node]?.type];
        if (!from || !to) continue;
        count(`${from}.${source.name}`, to);
        const type = finder.output(part, source.node, source.name, doc)?.type;
        if (type !== undefined) count(type, to);
      }
    }
  }
  return habits;
}

const HABIT = 10;
const MOST_TIMES = 5;
const OPEN = 40;
const NEEDED = 4;
const EXACT = 2;

/** The likeliest next nodes, the best first; each takes an output, those that nothing takes yet before others. */
export function suggestionsFor(
  finder: SocketFinder,
  doc: Workflow,
  part: Part,
  name: string,
  habits: Habits,
  most: number,
): Suggestion[] {
  const type = part.nodes?.[name]?.type ?? "";
  const sockets = finder.of(type, doc);
  if (!sockets) return [];
  const taken = new Set(
    [...linksOf(part)].filter(({ source }) => source.node === name).map(({ source }) => source.name),
  );
  const best = new Map<string, Suggestion & { score: number }>();
  for (const output of sockets.outputs) {
    const counts = habits.get(`${type}.${output.name}`);
    for (const node of finder.catalog.nodes.values()) {
      const fit = fitness(finder.catalog, node, output.type);
      if (fit === 0) continue;
      const usual = Math.min(habits.get(output.type)?.get(node.id) ?? 0, MOST_TIMES);
      const habit = HABIT * Math.min(counts?.get(node.id) ?? 0, MOST_TIMES) + usual;
      const score = fit + habit + (taken.has(output.name) ? 0 : OPEN);
      const known = best.get(node.id);
      if (!known || known.score < score) best.set(node.id, { node, output: output.name, type: output.type, score });
    }
  }
  const found = [...best.values()].sort((a, b) => b.score - a.score || a.node.title.localeCompare(b.node.title));
  return found.slice(0, most);
}

/** How well a node takes a type: 0 where nothing of it takes exactly this; best where it cannot do without. */
function fitness(catalog: Catalog, node: Sockets, type: string): number {
  const exact = node.inputs.filter((input) => input.type === type && catalog.fit(type, input.type) !== null);
  if (exact.length === 0 || exact.every(isWritable)) return 0;
  return EXACT + (exact.some((input) => input.required && !isWritable(input)) ? NEEDED : 0);
}
