/** What mends a problem of a field by one click: a link to the nearest node that fits, or the default value. */
import type { Input } from "~/catalog/catalog";
import type { SocketFinder } from "~/catalog/sockets";
import { connect, type PartDraft, setValue } from "~/doc/edit";
import { type Address, behind, type Part, positionOf, type Workflow } from "~/doc/model";
import { t } from "~/i18n/language";

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
    const label = t("fix.connect", { title: title ?? source.node });
    return { label, source, apply: (draft) => connect(draft, { source, target }) };
  }
  if (input.required || part.nodes?.[node]?.inputs?.[input.name] === undefined) return null;
  return { label: t("fix.default"), source: null, apply: (draft) => setValue(draft, target, undefined) };
}

interface Offer {
  address: Address;
  /** How far away: the best is the nearest, of the same type, to the left. */
  cost: number;
}

function nearest(finder: SocketFinder, doc: Workflow, part: Part, node: string, input: Input): Address | null {
  if (Object.keys(input.schema).length > 0) return null; // a value is as good as any link
  const after = behind(part, [node]);
  const offers = Object.keys(part.nodes ?? {})
    .filter((name) => !after.has(name))
    .flatMap((name) => offersOf(finder, doc, part, name, node, input));
  offers.sort((a, b) => a.cost - b.cost);
  return offers[0]?.address ?? null;
}

function offersOf(finder: SocketFinder, doc: Workflow, part: Part, name: string, node: string, input: Input): Offer[] {
  const [here, there] = [positionOf(part, node), positionOf(part, name)];
  const distance = Math.hypot(there.x - here.x, there.y - here.y) + (there.x > here.x ? 2_000 : 0);
  const outputs = finder.of(part.nodes?.[name]?.type ?? "", doc)?.outputs ?? [];
  return outputs.flatMap((output) => {
    const fit = finder.catalog.fit(output.type, input.type);
    if (!fit || (output.type === "Any" && input.type !== "Any")) return [];
    const cost = distance + (fit.converts || fit.each ? 10_000 : 0) + (output.name === input.name ? -200 : 0);
    return [{ address: { node: name, name: output.name }, cost }];
  });
}
