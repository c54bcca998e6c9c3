/** Which sockets a link may join: the service's table, and no circles. */
import type { SocketFinder } from "~/catalog/sockets";
import { type Address, addressOf, type Link, type Part, type Workflow, wouldCycle } from "~/doc/model";
import { t } from "~/i18n/language";
import { FRAME } from "./framing";

export interface Ends {
  source: string | null;
  sourceHandle?: string | null;
  target: string | null;
  targetHandle?: string | null;
}

export function linkOf(ends: Ends): Link | null {
  const { source, sourceHandle, target, targetHandle } = ends;
  if (!source || !sourceHandle || !target || !targetHandle) return null;
  return { source: socketOf(source, sourceHandle), target: socketOf(target, targetHandle) };
}

/** The socket behind a handle: that of a collapsed frame stands for one of a node in it. */
export function socketOf(node: string, handle: string): Address {
  return node.startsWith(FRAME) ? addressOf(handle) : { node, name: handle };
}

/** Why two sockets cannot be joined, or null where they can. */
export function obstacle(finder: SocketFinder, doc: Workflow, part: Part, link: Link): string | null {
  const output = finder.output(part, link.source.node, link.source.name, doc);
  const input = finder.input(part, link.target.node, link.target.name, doc);
  if (!output || !input) return t("blocked.missing");
  if (link.source.node === link.target.node) return t("blocked.itself");
  if (!finder.catalog.fit(output.type, input.type)) return t("blocked.types", { from: output.type, to: input.type });
  return wouldCycle(part, link.source.node, link.target.node) ? t("blocked.circle") : null;
}
