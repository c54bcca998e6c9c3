/** What pickers offer: the links that a node may have, and all the nodes of a document. */
import { type Input, isWritable, type Sockets } from "~/catalog/catalog";
import type { SocketFinder } from "~/catalog/sockets";
import { connect } from "~/doc/edit";
import {
  type Link,
  linkId,
  type Node,
  type Part,
  type Path,
  sourceOf,
  subgraphIn,
  type Workflow,
  written,
} from "~/doc/model";
import { namesOf } from "~/doc/named";
import { edit, placeOfTab, type Tab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { obstacle } from "./connecting";
import { WIDTH } from "./geometry";
import { show } from "./going";
import { freeSpot } from "./spot";
import { type Plug, usePalette } from "./state";

export interface Offer {
  key: string;
  label: string;
  detail: string;
  run(): void;
}

/** The links that the selected node may have: what it lacks first; then what may follow; then new nodes. */
export function linksFor(finder: SocketFinder, tab: Tab): Offer[] {
  const { part } = placeOfTab(tab);
  const name = [...tab.nodes].find((each) => part.nodes?.[each]);
  const node = name === undefined ? undefined : part.nodes?.[name];
  const sockets = node && finder.of(node.type, tab.doc);
  if (name === undefined || !node || !sockets) return [];
  const names = namesOf(part);
  const isOpen = (input: Input) => !sourceOf(node.inputs?.[input.name]);
  const wanted = [...sockets.inputs].sort((a, b) => rank(a, isOpen(a)) - rank(b, isOpen(b)));
  const others = Object.entries(part.nodes ?? {}).filter(([other]) => other !== name);
  const titleOf = (other: string, each: Node) => each.title || finder.of(each.type, tab.doc)?.title || other;
  const into = wanted.flatMap((input) =>
    others.flatMap(([other, each]) =>
      (finder.of(each.type, tab.doc)?.outputs ?? []).flatMap((output) => {
        const link = { source: { node: other, name: output.name }, target: { node: name, name: input.name } };
        const word = names.get(written(link.source));
        const from = `${word === undefined ? "" : `“${word}” · `}${titleOf(other, each)} · ${output.name}`;
        return offer(finder, tab.doc, part, link, `${input.name} ← ${from}`, other);
      }),
    ),
  );
  const out = sockets.outputs.flatMap((output) =>
    others.flatMap(([other, each]) =>
      (finder.of(each.type, tab.doc)?.inputs ?? []).flatMap((input) => {
        const link = { source: { node: name, name: output.name }, target: { node: other, name: input.name } };
        return offer(finder, tab.doc, part, link, `${output.name} → ${titleOf(other, each)} · ${input.name}`, other);
      }),
    ),
  );
  return [...into, ...out, ...fresh(name, sockets, part, tab.doc, finder)];
}

/** Open sockets that need a link come first, then values, then what is linked already. */
function rank(input: Input, isOpen: boolean): number {
  return (isOpen ? 0 : 2) + (isWritable(input) ? 1 : 0);
}

function offer(finder: SocketFinder, doc: Workflow, part: Part, link: Link, label: string, other: string): Offer[] {
  if (obstacle(finder, doc, part, link) !== null) return [];
  const key = `${link.source.node}.${link.source.name} ${linkId(link.target)}`;
  return [{ key, label, detail: other, run: () => edit(t("did.connect"), (draft) => connect(draft, link)) }];
}

function fresh(name: string, sockets: Sockets, part: Part, doc: Workflow, finder: SocketFinder): Offer[] {
  const open = (plug: Plug) => {
    const to = freeSpot(part, doc, finder, name, plug.isSource ? "after" : "before");
    const at = { x: innerWidth / 2 - 170, y: innerHeight / 4 };
    const corner = { x: plug.isSource ? to.x : to.x + WIDTH, y: to.y + 20 };
    usePalette.setState({ request: { at, to: corner, plug, link: null } });
  };
  const outputs = sockets.outputs.map(({ name: each, type }) => ({
    key: `new out ${each}`,
    label: `${each} → ${t("palette.fresh")}`,
    detail: type,
    run: () => open({ node: name, name: each, type, isSource: true }),
  }));
  const inputs = sockets.inputs.map(({ name: each, type }) => ({
    key: `new in ${each}`,
    label: `${each} ← ${t("palette.fresh")}`,
    detail: type,
    run: () => open({ node: name, name: each, type, isSource: false }),
  }));
  return [...outputs, ...inputs];
}

const DEEPEST = 8;

/** All nodes of a document, those inside of subgraphs too. */
export function foundNodes(finder: SocketFinder, tab: Tab): Offer[] {
  const offers: Offer[] = [];
  const walk = (part: Part, path: Path) => {
    for (const [name, node] of Object.entries(part.nodes ?? {})) {
      const title = node.title || finder.of(node.type, tab.doc)?.title || node.type;
      const where = [...path, name].join(" ▸ ");
      const values = Object.values(node.inputs ?? {}).filter((each) => typeof each === "string");
      const detail = [where, node.type, ...values].join(" · ").slice(0, 160);
      offers.push({ key: `${where} ${name}`, label: title, detail, run: () => show(tab, path, name) });
      const inner = tab.doc.subgraphs?.[subgraphIn(node.type) ?? ""];
      if (inner && path.length < DEEPEST) walk(inner, [...path, name]);
    }
  };
  walk(tab.doc, []);
  return offers;
}
