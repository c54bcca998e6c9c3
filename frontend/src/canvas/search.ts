/** Finding a node by a few letters: titles before other words, beginnings before middles, then what was used lately. */
import type { Catalog, Sockets } from "~/catalog/catalog";
import type { Plug } from "./state";

export interface Hit {
  node: Sockets;
  score: number;
}

/** The score of a query in a text: 0 where its letters do not all come, in order. */
export function fuzzy(query: string, text: string): number {
  if (query === "") return 1;
  const where = text.indexOf(query);
  if (where === 0) return 100 - Math.min(text.length, 40) / 10;
  if (where > 0) return (/[\s._-]/.test(text[where - 1] ?? "") ? 80 : 60) - Math.min(where, 20) / 10;
  let [at, score, run] = [0, 20, 0];
  for (const letter of query) {
    const next = text.indexOf(letter, at);
    if (next < 0) return 0;
    run = next === at ? run + 1 : 0;
    score += run - Math.min(next - at, 8) / 4;
    at = next + 1;
  }
  return Math.max(score, 1);
}

/** @param own what the document has besides: its subgraphs. */
export function searchNodes(
  catalog: Catalog,
  query: string,
  plug: Plug | null,
  recent: readonly string[],
  own: readonly Sockets[] = [],
): Hit[] {
  const words = query.trim().toLowerCase();
  const hits: Hit[] = [];
  for (const node of [...own, ...catalog.nodes.values()]) {
    if (plug && !fits(catalog, node, plug)) continue;
    const types = [...node.inputs, ...node.outputs].map((each) => each.type).join(" ");
    const best = Math.max(
      fuzzy(words, node.title.toLowerCase()) * 2,
      fuzzy(words, node.id.toLowerCase()) * 1.5,
      ...(node.aliases ?? []).map((alias) => called(words, alias.toLowerCase()) * 1.9),
      contained(words, `${node.summary} ${types} ${node.category}`.toLowerCase()),
    );
    if (best <= 0) continue;
    const used = recent.indexOf(node.id);
    hits.push({ node, score: best + (used < 0 ? 0 : 12 - used) });
  }
  return hits.sort((a, b) => b.score - a.score || a.node.title.localeCompare(b.node.title));
}

/** Of the other names a part counts, and of many words their beginnings; letters here and there do not. */
function called(query: string, alias: string): number {
  const all = query.split(/\s+/);
  if (query === "" || !all.every((word) => alias.includes(word))) return 0;
  return alias.includes(query) ? fuzzy(query, alias) : 40;
}

function contained(query: string, text: string): number {
  return query === "" || query.split(/\s+/).every((word) => text.includes(word)) ? 10 : 0;
}

function fits(catalog: Catalog, node: Sockets, plug: Plug): boolean {
  return plug.isSource ? catalog.inputsFor(node, plug.type).length > 0 : catalog.outputsFor(node, plug.type).length > 0;
}
