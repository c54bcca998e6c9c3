/** One list to add from: opened by a double click, Space, Tab, or a link that was dropped where nothing is. */

import { Command } from "cmdk";
import { useEffect, useMemo, useState } from "react";
import { type Catalog, isWritable, type Sockets } from "~/catalog/catalog";
import type { SocketFinder } from "~/catalog/sockets";
import { useCatalog } from "~/catalog/store";
import { adoptShelved, lookAtShelf, useShelf } from "~/commands/shelf";
import { addNode, connect, insertIntoLink } from "~/doc/edit";
import { type Part, SUBGRAPH } from "~/doc/model";
import { holds } from "~/doc/subgraph";
import { activeTab, edit, placeOfTab, select, type Tab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { WIDTH } from "./geometry";
import { putInto } from "./insert";
import { searchNodes } from "./search";
import { type PaletteRequest, type Plug, shownView, usePalette } from "./state";

const MOST = 60;
const RECENT = "graphengine.recent";
const BOX = { width: 340, height: 360 };

export function Palette() {
  const request = usePalette((state) => state.request);
  return request ? <List request={request} /> : null;
}

const close = () => usePalette.setState({ request: null });

function List({ request }: { request: PaletteRequest }) {
  const { finder, state } = useCatalog();
  const { catalog } = finder;
  const shelf = useShelf((state) => state.shelf);
  const [inside] = useState(() => subgraphsFor(finder, activeTab())); // as long as the list is open, nothing changes
  const own = useMemo(() => [...inside, ...Object.values(shelf).map(({ sockets }) => sockets)], [inside, shelf]);
  useEffect(() => void lookAtShelf(), []);
  const [query, setQuery] = useState("");
  const [isFiltered, setFiltered] = useState(request.plug !== null);
  const plug = isFiltered ? request.plug : null;
  const hits = useMemo(
    () => searchNodes(catalog, query, plug, recent(), own).slice(0, MOST),
    [catalog, query, plug, own],
  );
  const [chosen, setChosen] = useState("");
  const first = hits[0]?.node.id ?? "";
  useEffect(() => setChosen(first), [first]);

  const choose = (node: Sockets) => {
    add(catalog, node, request);
    remember(node.id);
    close();
  };
  const at = {
    left: Math.max(8, Math.min(request.at.x, innerWidth - BOX.width - 8)),
    top: Math.max(8, Math.min(request.at.y, innerHeight - BOX.height - 8)),
  };
  return (
    <div className="veil" onPointerDown={(event) => event.target === event.currentTarget && close()}>
      <Command
        className="palette"
        style={at}
        label={t("palette.add")}
        shouldFilter={false}
        loop
        value={chosen}
        onValueChange={setChosen}
        onKeyDown={(event) => {
          if (event.key === "Escape") close();
          else if (event.key === "Tab" && request.plug) {
            event.preventDefault();
            setFiltered(!isFiltered);
          }
        }}
      >
        <div className="palette-head">
          <Command.Input autoFocus value={query} onValueChange={setQuery} placeholder={t("palette.add")} />
          {request.plug && (
            <button type="button" data-on={isFiltered} onClick={() => setFiltered(!isFiltered)}>
              {t(request.plug.isSource ? "palette.accepts" : "palette.gives")} {request.plug.type}{" "}
              {isFiltered ? "×" : ""}
            </button>
          )}
        </div>
        <Command.List>
          <Command.Empty>{t(state === "loading" ? "palette.loading" : "list.none")}</Command.Empty>
          {hits.map(({ node }) => (
            <Command.Item key={node.id} value={node.id} onSelect={() => choose(node)}>
              <span>{node.title}</span>
              <small>{signature(node)}</small>
            </Command.Item>
          ))}
        </Command.List>
        <footer>
          {request.plug ? t("palette.all") : (hits.find(({ node }) => node.id === chosen)?.node.summary ?? "")}
        </footer>
      </Command>
    </div>
  );
}

/** The subgraphs of the document that may stand here: none within itself. */
function subgraphsFor(finder: SocketFinder, tab: Tab): Sockets[] {
  const { subgraph: here } = placeOfTab(tab);
  const names = Object.keys(tab.doc.subgraphs ?? {}).filter((name) => here === null || !holds(tab.doc, name, here));
  return names.map((name) => finder.of(SUBGRAPH + name, tab.doc)).filter((each) => each !== null);
}

/** What flows in and out, as far as it needs links. */
function signature(node: Sockets): string {
  const list = (names: readonly string[]) => [...new Set(names)].slice(0, 2).join(", ");
  const [from, to] = [
    list(node.inputs.filter((each) => !isWritable(each)).map((each) => each.type)),
    list(node.outputs.map((each) => each.type)),
  ];
  return [from, to].filter(Boolean).join(" → ");
}

/** Adds a node where it was asked for, plugged into what it was asked for. */
export function add(catalog: Catalog, node: Sockets, request: Pick<PaletteRequest, "to" | "plug" | "link">): void {
  const { to, plug, link } = request;
  const at = { x: plug && !plug.isSource ? to.x - WIDTH : to.x, y: to.y - 20 };
  let name = "";
  edit(t("did.add", { name: node.title }), (part, doc) => {
    const type = adoptShelved(doc, node.id) ?? node.id;
    name = addNode(part, { type, inputs: {} }, at);
    if (plug) plugInto(catalog, node, name, plug, (source, target) => connect(part, { source, target }));
    if (link)
      putInto(part as Part, link, name, (from, input, output) => insertIntoLink(part, from, name, input, output));
  });
  select([name]);
  setTimeout(() => shownView()?.reveal(name)); // once it is on the canvas
}

type Joined = (source: { node: string; name: string }, target: { node: string; name: string }) => void;

function plugInto(catalog: Catalog, node: Sockets, name: string, plug: Plug, join: Joined): void {
  const sockets = plug.isSource ? catalog.inputsFor(node, plug.type) : catalog.outputsFor(node, plug.type);
  const exact = sockets.find((each) => each.type === plug.type && each.name === plug.name);
  const socket = exact ?? sockets.find((each) => each.type === plug.type) ?? sockets[0];
  if (!socket) return;
  const [other, own] = [
    { node: plug.node, name: plug.name },
    { node: name, name: socket.name },
  ];
  if (plug.isSource) join(other, own);
  else join(own, other);
}

function recent(): string[] {
  try {
    return JSON.parse(localStorage.getItem(RECENT) ?? "[]") as string[];
  } catch {
    return [];
  }
}

function remember(id: string): void {
  localStorage.setItem(RECENT, JSON.stringify([id, ...recent().filter((each) => each !== id)].slice(0, 10)));
}
