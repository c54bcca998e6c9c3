/** What the menus on the canvas offer; commands are those of the table, with their keys. */
import { toggleStar } from "~/app/fields";
import { obstacle } from "~/canvas/connecting";
import { FRAME } from "~/canvas/framing";
import { lookAt } from "~/canvas/Look";
import { type MenuOf, shownView, useCanvas, usePalette } from "~/canvas/state";
import { isWritable } from "~/catalog/catalog";
import { finder } from "~/catalog/store";
import { setBends } from "~/doc/bends";
import { connect, disconnect, setValue } from "~/doc/edit";
import { framesOf, membersOf, removeFrame, setFrame } from "~/doc/frames";
import { type Address, addressOf, linksOf, type Point, sourceOf, written } from "~/doc/model";
import { namedOutputs, namesOf, setName } from "~/doc/named";
import { activeTab, edit, placeOfTab, select } from "~/doc/tabs";
import { pasteText } from "./actions";
import { keysOf } from "./bindings";
import { newerOf, publish, subgraphOf, takeNewer } from "./shelf";
import { command, titleOf } from "./table";

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
      ? [{ label: titleOf(found), keys: keysOf(found)[0], isOff: found.can?.() === false, run: found.run }]
      : [];
  });
}

function canvasMenu(at: Point): Menu {
  const to = shownView()?.toCanvas(at) ?? at;
  const add = () => usePalette.setState({ request: { at, to, plug: null, link: null } });
  const paste = async () => pasteText(await navigator.clipboard.readText(), false);
  return [
    [
      { label: "Add a node…", keys: "Space", run: add },
      { label: "Paste", keys: "Mod+V", run: () => void paste() },
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
    [...commands("connect"), { label: "Sockets", isOff: both.length === 0, items: both }],
    [...commands("frame", "subgraph"), ...subgraphItems(node)],
    commands("duplicate", "delete", "delete-apart"),
  ];
}

function subgraphItems(node: string): MenuItem[] {
  if (subgraphOf(node) === null) return [];
  const newer = newerOf(node);
  return [
    ...commands("enter", "unpack"),
    { label: "Publish to the library", run: () => void publish(node) },
    ...(newer ? [{ label: `Take version ${newer.version}`, run: () => takeNewer(node) }] : []),
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
      { label: "Insert a node…", run: () => usePalette.setState({ request: { at, to, plug: null, link } }) },
      { label: "Lead it through here", run: () => edit("Lead the link", (draft) => setBends(draft, target, [to])) },
      { label: "Look at its value", run: () => lookAt({ ...source, isSource: true }, at) },
      ...naming(source),
    ],
    [{ label: "Select both ends", run: () => select([source.node, target.node]) }, ...commands("delete")],
  ];
}

function naming(source: Address): MenuItem[] {
  const { part } = placeOfTab(activeTab());
  const name = namesOf(part).get(written(source));
  const ask = () => setTimeout(() => useCanvas.setState({ naming: source })); // once the menu is gone
  return name === undefined
    ? [{ label: "Name it, without wires…", run: ask }]
    : [
        { label: `Rename “${name}”…`, run: ask },
        { label: "Draw wires again", run: () => edit("Draw wires", (draft) => setName(draft, source, "")) },
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
  const takers = [...linksOf(placeOfTab(activeTab()).part)].filter(
    ({ source }) => written(source) === written(address),
  );
  return [
    { label: "Look at its value", run: () => lookAt({ ...address, isSource: true }, at) },
    { label: "Add a node that takes it…", run: add },
    ...naming(address),
    {
      label: "Select who takes it",
      isOff: takers.length === 0,
      run: () => select(takers.map(({ target }) => target.node)),
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
      run: () => edit(`Take ${name}`, (draft) => connect(draft, { source: from, target })),
    }));
  const linked = source
    ? [
        { label: "Look at its value", run: () => lookAt({ ...target, isSource: false }, at) },
        { label: "Go to where it comes from", run: () => goToNode(source.node) },
        { label: "Unplug", run: () => edit("Unplug", (draft) => disconnect(draft, target)) },
      ]
    : [];
  const written_ = input !== null && isWritable(input) && !source;
  return [
    ...linked,
    { label: "Add a node that gives it…", run: add },
    { label: "Take a named value", isOff: named.length === 0, items: named },
    ...(written_
      ? [
          {
            label: "Use the default",
            isOff: value === undefined,
            run: () => edit(`Set ${target.name}`, (draft) => setValue(draft, target, undefined)),
          },
          { label: "Show in the app", run: () => edit("Show a field", (draft) => toggleStar(draft, target)) },
        ]
      : []),
  ];
}

function goToNode(node: string): void {
  select([node]);
  shownView()?.reveal(node);
}

function frameMenu(id: string): Menu {
  const { part } = placeOfTab(activeTab());
  const frame = framesOf(part).find((each) => each.id === id);
  if (!frame) return [];
  return [
    [
      { label: "Rename", run: () => setTimeout(() => useCanvas.setState({ renaming: id })) },
      {
        label: frame.isCollapsed ? "Unfold" : "Fold",
        run: () =>
          edit("Fold the frame", (draft) => setFrame(draft, id, "collapsed", frame.isCollapsed ? undefined : true)),
      },
      { label: "Select what is in it", run: () => select(membersOf(framesOf(part), id)) },
      { label: "Look at it", run: () => shownView()?.fit([FRAME + id]) },
    ],
    [{ label: "Remove the frame", run: () => edit("Remove the frame", (draft) => removeFrame(draft, id)) }],
  ];
}
