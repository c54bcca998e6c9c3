/** What the menus on the canvas offer; commands are those of the table, with their keys. */
import { starOf, toggleStar } from "~/app/fields";
import { obstacle } from "~/canvas/connecting";
import { FRAME } from "~/canvas/framing";
import { goToNode } from "~/canvas/going";
import { lookAt } from "~/canvas/Look";
import { type MenuOf, shownView, useCanvas, usePalette } from "~/canvas/state";
import { isWritable } from "~/catalog/catalog";
import { finder } from "~/catalog/store";
import { setBends } from "~/doc/bends";
import { connect, disconnect, setValue } from "~/doc/edit";
import { framesOf, membersOf, removeFrame, setFrame } from "~/doc/frames";
import { type Address, addressOf, type Point, sourceOf, takersOf, written } from "~/doc/model";
import { namedOutputs, namesOf, setName } from "~/doc/named";
import { activeTab, edit, placeOfTab, select } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { pasteText } from "./actions";
import { keysFor, keysOf } from "./bindings";
import { newerOf, publish, subgraphOf, takeNewer } from "./shelf";
import { command, titleNow } from "./table";

export interface MenuItem {
  label: string;
  /** As the table of commands writes them. */
  keys?: string | undefined;
  isOff?: boolean;
  run?(): void;
  items?: readonly MenuItem[];
}

/** Groups of items, with lines between them. */
export type Menu = readonly (readonly MenuItem[])[];

export function menuOf(of: MenuOf, at: Point): Menu {
  switch (of.kind) {
    case "canvas":
      return canvasMenu(at);
    case "node":
      return nodeMenu(of.node, at);
    case "link":
      return linkMenu(of.link, at);
    case "frame":
      return frameMenu(of.frame);
    case "socket":
      return [socketItems(of, of.isSource, at)];
  }
}

function commands(...ids: string[]): MenuItem[] {
  return ids.flatMap((id) => {
    const found = command(id);
    return found
      ? [{ label: titleNow(found), keys: keysOf(found)[0], isOff: found.can?.() === false, run: found.run }]
      : [];
  });
}

function canvasMenu(at: Point): Menu {
  const to = shownView()?.toCanvas(at) ?? at;
  const add = () => usePalette.setState({ request: { at, to, plug: null, link: null } });
  const paste = async () => pasteText(await navigator.clipboard.readText(), false);
  return [
    [
      { label: t("menu.add"), keys: keysFor("add"), run: add },
      { label: t("menu.paste"), keys: "Mod+V", run: () => void paste() },
    ],
    commands("undo", "redo", "select-all"),
    commands("find", "fit", "layout"),
  ];
}

function nodeMenu(node: string, at: Point): Menu {
  const sockets = finder().of(placeOfTab(activeTab()).part.nodes?.[node]?.type ?? "", activeTab().doc);
  const both = [
    ...(sockets?.outputs ?? []).map(({ name }) => ({ name, isSource: true })),
    ...(sockets?.inputs ?? []).map(({ name }) => ({ name, isSource: false })),
  ].map(({ name, isSource }) => ({
    label: isSource ? `${name} →` : `→ ${name}`,
    items: socketItems({ node, name }, isSource, at),
  }));
  return [
    commands("run-selection", "bypass", "mute", "fold"),
    [...commands("connect"), { label: t("menu.sockets"), isOff: both.length === 0, items: both }],
    [...commands("frame", "subgraph"), ...subgraphItems(node)],
    commands("duplicate", "delete", "delete-apart"),
  ];
}

function subgraphItems(node: string): MenuItem[] {
  if (subgraphOf(node) === null) return [];
  const newer = newerOf(node);
  return [
    ...commands("enter", "unpack"),
    { label: t("menu.publish"), run: () => void publish(node) },
    ...(newer ? [{ label: t("menu.newer", { version: newer.version }), run: () => takeNewer(node) }] : []),
  ];
}

function linkMenu(link: string, at: Point): Menu {
  const target = addressOf(link);
  const { part } = placeOfTab(activeTab());
  const source = sourceOf(part.nodes?.[target.node]?.inputs?.[target.name]);
  const to = shownView()?.toCanvas(at) ?? at;
  if (!source) return [];
  return [
    [
      { label: t("menu.insert"), run: () => usePalette.setState({ request: { at, to, plug: null, link } }) },
      { label: t("menu.lead"), run: () => edit(t("did.lead"), (draft) => setBends(draft, target, [to])) },
      { label: t("menu.look"), run: () => lookAt({ ...source, isSource: true }, at) },
      ...naming(source),
    ],
    [{ label: t("menu.ends"), run: () => select([source.node, target.node]) }, ...commands("delete")],
  ];
}

function naming(source: Address): MenuItem[] {
  const { part } = placeOfTab(activeTab());
  const name = namesOf(part).get(written(source));
  const ask = () => setTimeout(() => useCanvas.setState({ naming: source })); // once the menu is gone
  return name === undefined
    ? [{ label: t("menu.name"), run: ask }]
    : [
        { label: t("menu.renameValue", { name }), run: ask },
        { label: t("menu.wires"), run: () => edit(t("did.drawWires"), (draft) => setName(draft, source, "")) },
      ];
}

function socketItems(socket: Address, isSource: boolean, at: Point): MenuItem[] {
  const { doc } = activeTab();
  const { part } = placeOfTab(activeTab());
  const address = { node: socket.node, name: socket.name };
  const found = isSource
    ? finder().output(part, address.node, address.name, doc)
    : finder().input(part, address.node, address.name, doc);
  if (!found) return [];
  const plug = { ...address, type: found.type, isSource };
  const to = shownView()?.toCanvas({ x: at.x + (isSource ? 60 : -60), y: at.y }) ?? at;
  const add = () => usePalette.setState({ request: { at, to, plug, link: null } });
  return isSource ? outputItems(address, at, add) : inputItems(address, at, add);
}

function outputItems(address: Address, at: Point, add: () => void): MenuItem[] {
  const takers = takersOf(placeOfTab(activeTab()).part, address);
  return [
    { label: t("menu.look"), run: () => lookAt({ ...address, isSource: true }, at) },
    { label: t("menu.taker"), run: add },
    ...naming(address),
    {
      label: t("menu.takers"),
      isOff: takers.length === 0,
      run: () => select(takers),
    },
  ];
}

function inputItems(target: Address, at: Point, add: () => void): MenuItem[] {
  const { doc } = activeTab();
  const { part } = placeOfTab(activeTab());
  const value = part.nodes?.[target.node]?.inputs?.[target.name];
  const source = sourceOf(value);
  const input = finder().input(part, target.node, target.name, doc);
  const named = namedOutputs(part)
    .filter(({ source: from }) => obstacle(finder(), doc, part, { source: from, target }) === null)
    .map(({ name, source: from }) => ({
      label: name,
      run: () => edit(t("did.take", { name }), (draft) => connect(draft, { source: from, target })),
    }));
  const linked = source
    ? [
        { label: t("menu.look"), run: () => lookAt({ ...target, isSource: false }, at) },
        { label: t("menu.origin"), run: () => goToNode(source.node) },
        { label: t("menu.unplug"), run: () => edit(t("did.unplug"), (draft) => disconnect(draft, target)) },
      ]
    : [];
  const isShown = starOf(part, target) !== null;
  const written_ = input !== null && isWritable(input) && !source;
  return [
    ...linked,
    { label: t("menu.giver"), run: add },
    { label: t("menu.take"), isOff: named.length === 0, items: named },
    ...(written_
      ? [
          {
            label: t("menu.default"),
            isOff: value === undefined,
            run: () => edit(t("did.set", { name: target.name }), (draft) => setValue(draft, target, undefined)),
          },
          {
            label: t(isShown ? "menu.hide" : "menu.show"),
            run: () => edit(isShown ? t("did.hideField") : t("did.showField"), (draft) => toggleStar(draft, target)),
          },
        ]
      : []),
  ];
}

function frameMenu(id: string): Menu {
  const { part } = placeOfTab(activeTab());
  const frame = framesOf(part).find((each) => each.id === id);
  if (!frame) return [];
  return [
    [
      { label: t("menu.rename"), run: () => setTimeout(() => useCanvas.setState({ renaming: id })) },
      {
        label: t(frame.isCollapsed ? "menu.unfold" : "menu.fold"),
        run: () =>
          edit(frame.isCollapsed ? t("did.unfoldFrame") : t("did.foldFrame"), (draft) =>
            setFrame(draft, id, "collapsed", frame.isCollapsed ? undefined : true),
          ),
      },
      { label: t("menu.members"), run: () => select(membersOf(framesOf(part), id)) },
      { label: t("menu.view"), run: () => shownView()?.fit([FRAME + id]) },
    ],
    [{ label: t("menu.remove"), run: () => edit(t("did.removeFrame"), (draft) => removeFrame(draft, id)) }],
  ];
}
