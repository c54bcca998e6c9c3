/** Putting a node into a link: by which of its sockets. */
import { useCatalog } from "~/catalog/store";
import { addressOf, type Link, type Part, sourceOf } from "~/doc/model";
import { activeTab } from "~/doc/tabs";

type Insert = (link: Link, input: string, output: string) => void;

/** Finds by which sockets a node goes into a link, and puts it there. */
export function putInto(part: Part, linkName: string, node: string, insert: Insert): void {
  const { finder } = useCatalog.getState();
  const { doc } = activeTab();
  const target = addressOf(linkName);
  const source = sourceOf(part.nodes?.[target.node]?.inputs?.[target.name]);
  const sockets = finder.of(part.nodes?.[node]?.type ?? "", doc);
  const from = source && finder.output(part, source.node, source.name, doc);
  const to = finder.input(part, target.node, target.name, doc);
  if (!source || !sockets || !from || !to) return;
  const input = finder.catalog.inputsFor(sockets, from.type)[0];
  const output = finder.catalog.outputsFor(sockets, to.type)[0];
  if (input && output) insert({ source, target }, input.name, output.name);
}
