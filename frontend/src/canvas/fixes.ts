/** What mends a problem of a field by one click: a link to the nearest node that fits, or the default value. */
import type { Input } from "~/catalog/catalog";
import type { SocketFinder } from "~/catalog/sockets";
import { connect, type PartDraft, setValue } from "~/doc/edit";
import { type Address, behind, type Part, positionOf, type Workflow } from "~/doc/model";

export interface Fix {
  label: string;
  source: Address | null;
  apply(part: PartDraft): void;
}

export function fixOf(finder: SocketFinder, doc: Workflow, part: Part, node: string, input: Input): Fix | null {
  const target = { node, name: input.name };
  const source = nearest(finder, doc, part, node, input);
  if (source) {
    const title = part.nodes?.[source.node]?.title || finder.of(part.nodes?.[source.node]?.type ?? "", doc)?.title;
    const label = `Connect to “${title ?? source.node}”`;
    return { label, source, apply: (draft) => connect(draft, { source, target }) };
  }
  if (input.required || part.nodes?.[node]?.inputs?.[input.name] === undefined) return null;
  return { label: "Use the default", source: null, apply: (draft) => setValue(draft, target, undefined) };
}

/** The output that fits an input best: of the same type, not behind the node, and near. */
function nearest(finder: SocketFinder, doc: Workflow, part: Part, node: string, input: Input): Address | null {
  if (Object.keys(input.schema).length > 0) return null; // a value is as good as any link
  const after = behind(part, [node]);
  const here = positionOf(part, node);
  let best: { address: Address; cost: number } | null = null;
  for (const [name, each] of Object.entries(part.nodes ?? {})) {
    if (after.has(name)) continue;
    const place = positionOf(part, name);
    const distance = Math.hypot(place.x - here.x, place.y - here.y) + (place.x > here.x ? 2_000 : 0);
    for (const output of finder.of(each.type, doc)?.outputs ?? []) {
      const fit = finder.catalog.fit(output.type, input.type);
      if (!fit || (output.type === "Any" && input.type !== "Any")) continue;
      const cost = distance + (fit.converts || fit.each ? 10_000 : 0) + (output.name === input.name ? -200 : 0);
      if (!best || cost < best.cost) best = { address: { node: name, name: output.name }, cost };
    }
  }
  return best?.address ?? null;
}
