/** Named values: a tag at the output that has the name, and one at each input that takes it; no wire lies between. */
import { ViewportPortal } from "@xyflow/react";
import { memo, useMemo, useState } from "react";
import { useCatalog } from "~/catalog/store";
import { type Address, written } from "~/doc/model";
import { namedOutputs, namesOf, setName, tagsOf } from "~/doc/named";
import { activeTab, edit, placeOfTab, select, usePart } from "~/doc/tabs";
import { t } from "~/i18n/language";
import type { CanvasNode } from "./flow";
import { openMenu, shownView, useCanvas } from "./state";

const APART = 9; // from the socket, in pixels of the canvas

interface Shown {
  key: string;
  name: string;
  source: Address;
  target: Address | null;
  x: number;
  y: number;
  colour: string;
  takers: number;
}

function Layer({ nodes }: { nodes: readonly CanvasNode[] }) {
  const part = usePart();
  const catalog = useCatalog((state) => state.finder.catalog);
  const naming = useCanvas((state) => state.naming);
  const shown = useMemo(() => {
    if (namesOf(part).size === 0) return [];
    const places = new Map(nodes.map((node) => [node.id, node]));
    const tags = tagsOf(part);
    const at = (address: Address, isSource: boolean) => {
      const node = places.get(address.node);
      const handle = node?.data.geometry.handles.find((each) => each.id === address.name && each.isSource === isSource);
      if (!node || !handle) return null;
      const x = node.position.x + handle.x + (isSource ? APART : -APART);
      return { x, y: node.position.y + handle.y, colour: catalog.colour(handle.type) };
    };
    const found: Shown[] = [];
    for (const { name, source } of namedOutputs(part)) {
      const place = at(source, true);
      const takers = tags.filter((tag) => written(tag.source) === written(source)).length;
      if (place) found.push({ key: written(source), name, source, target: null, takers, ...place });
    }
    for (const { name, source, target } of tags) {
      const place = at(target, false);
      const colour = at(source, true)?.colour ?? place?.colour ?? "";
      if (place) found.push({ key: `→ ${written(target)}`, name, source, target, takers: 0, ...place, colour });
    }
    return found;
  }, [part, nodes, catalog]);
  const fresh = naming && !shown.some((tag) => !tag.target && tag.key === written(naming));
  if (shown.length === 0 && !fresh) return null;
  return (
    <ViewportPortal>
      {shown.map((tag) => (
        <TagView key={tag.key} tag={tag} isNaming={!tag.target && naming !== null && tag.key === written(naming)} />
      ))}
      {fresh && <Fresh source={naming} nodes={nodes} />}
    </ViewportPortal>
  );
}

function TagView({ tag, isNaming }: { tag: Shown; isNaming: boolean }) {
  const { name, source, target, x, y, takers } = tag;
  const style = { left: x, top: y, "--socket": tag.colour } as React.CSSProperties;
  if (isNaming)
    return (
      <span className="tag out" style={style}>
        <Naming source={source} name={name} />
      </span>
    );
  const label = target
    ? t("tag.taken", { target: written(target), name, source: written(source) })
    : t("tag.given", { name, source: written(source), takers });
  return (
    <button
      type="button"
      className={`tag ${target ? "in" : "out"} nodrag nopan`}
      style={style}
      aria-label={label}
      title={label}
      onClick={() => (target ? reveal(source.node) : selectTakers(source))}
      onDoubleClick={() => useCanvas.setState({ naming: source })}
      onContextMenu={(event) => {
        event.preventDefault();
        event.stopPropagation();
        const socket = target ? { ...target, isSource: false } : { ...source, isSource: true };
        openMenu({ kind: "socket", ...socket }, { x: event.clientX, y: event.clientY });
      }}
    >
      {name}
    </button>
  );
}

/** The field of an output that has no name yet. */
function Fresh({ source, nodes }: { source: Address; nodes: readonly CanvasNode[] }) {
  const node = nodes.find((each) => each.id === source.node);
  const handle = node?.data.geometry.handles.find((each) => each.id === source.name && each.isSource);
  if (!node || !handle) return null;
  const style = { left: node.position.x + handle.x + APART, top: node.position.y + handle.y };
  return (
    <span className="tag out" style={style}>
      <Naming source={source} name="" />
    </span>
  );
}

function Naming({ source, name }: { source: Address; name: string }) {
  const [text, setText] = useState(name);
  const end = (isKept: boolean) => {
    if (useCanvas.getState().naming === null) return;
    useCanvas.setState({ naming: null });
    if (isKept && text.trim() !== name) edit(t("did.nameValue"), (part) => setName(part, source, text));
    document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(source.node)}"]`)?.focus();
  };
  return (
    <input
      className="nodrag nopan"
      aria-label={t("tag.name", { source: written(source) })}
      placeholder={source.name}
      // biome-ignore lint/a11y/noAutofocus: it was just asked for
      autoFocus
      value={text}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter" || event.key === "Escape") end(event.key === "Enter");
      }}
    />
  );
}

function reveal(node: string): void {
  select([node]);
  shownView()?.reveal(node);
}

function selectTakers(source: Address): void {
  const { part } = placeOfTab(activeTab());
  const takers = tagsOf(part).filter((tag) => written(tag.source) === written(source));
  select(takers.map((tag) => tag.target.node));
}

export const Tags = memo(Layer);
