/** Named values: a tag at the output that has the name, and one at each input that takes it; no wire lies between. */
import { ViewportPortal } from "@xyflow/react";
import { type CSSProperties, memo, useMemo } from "react";
import type { Catalog } from "~/catalog/catalog";
import { useCatalog } from "~/catalog/store";
import { type Address, type Part, written } from "~/doc/model";
import { namedOutputs, namesOf, setName, tagsOf } from "~/doc/named";
import { edit, usePart } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { nodeElement } from "./elements";
import type { CanvasNode } from "./flow";
import { goToNode, selectTakers } from "./going";
import { NameField } from "./NameField";
import { openMenu, useCanvas } from "./state";

const APART = 9; // from the socket, in pixels of the canvas

interface Shown {
  key: string;
  name: string;
  source: Address;
  target: Address | null;
  takers: number;
}

/** The tags of a part: one at each output that has a name, and one at each input that takes it. */
function shownIn(part: Part): Shown[] {
  if (namesOf(part).size === 0) return [];
  const tags = tagsOf(part);
  const takers = new Map<string, number>();
  for (const { source } of tags) takers.set(written(source), (takers.get(written(source)) ?? 0) + 1);
  const given = namedOutputs(part).map(({ name, source }) => {
    const key = written(source);
    return { key, name, source, target: null, takers: takers.get(key) ?? 0 };
  });
  return [...given, ...tags.map((tag) => ({ key: `→ ${written(tag.target)}`, takers: 0, ...tag }))];
}

type Places = ReadonlyMap<string, CanvasNode>;

/** Where a socket is on the canvas, and its colour; null where its node is not drawn. */
function placeOf(nodes: Places, catalog: Catalog, { node, name }: Address, isSource: boolean) {
  const found = nodes.get(node);
  const handle = found?.data.geometry.handles.find((each) => each.id === name && each.isSource === isSource);
  if (!found || !handle) return null;
  const x = found.position.x + handle.x + (isSource ? APART : -APART);
  return { left: x, top: found.position.y + handle.y, "--socket": catalog.colour(handle.type) };
}

function Layer({ nodes }: { nodes: readonly CanvasNode[] }) {
  const part = usePart();
  const naming = useCanvas((state) => state.naming);
  const shown = useMemo(() => shownIn(part), [part]);
  const fresh = naming && !shown.some((tag) => !tag.target && tag.key === written(naming)) ? naming : null;
  return shown.length === 0 && !fresh ? null : <Placed nodes={nodes} shown={shown} naming={naming} fresh={fresh} />;
}

interface PlacedProps {
  nodes: readonly CanvasNode[];
  shown: readonly Shown[];
  naming: Address | null;
  /** The output that has no name yet, and is being given one. */
  fresh: Address | null;
}

function Placed({ nodes, shown, naming, fresh }: PlacedProps) {
  const catalog = useCatalog((state) => state.finder.catalog);
  const places = useMemo(() => new Map(nodes.map((node) => [node.id, node])), [nodes]);
  const freshAt = fresh && placeOf(places, catalog, fresh, true);
  return (
    <ViewportPortal>
      {shown.map((tag) => {
        const place = placeOf(places, catalog, tag.target ?? tag.source, tag.target === null);
        const source = placeOf(places, catalog, tag.source, true) ?? place;
        if (!place || !source) return null;
        const isNaming = !tag.target && naming !== null && tag.key === written(naming);
        const style = { ...place, "--socket": source["--socket"] };
        return <TagView key={tag.key} tag={tag} style={style} isNaming={isNaming} />;
      })}
      {fresh && freshAt && (
        <span className="tag out" style={freshAt}>
          <Naming source={fresh} name="" />
        </span>
      )}
    </ViewportPortal>
  );
}

function TagView({ tag, style, isNaming }: { tag: Shown; style: CSSProperties; isNaming: boolean }) {
  const { name, source, target, takers } = tag;
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
      onClick={() => (target ? goToNode(source.node) : selectTakers(source))}
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

function Naming({ source, name }: { source: Address; name: string }) {
  const end = (text: string | null) => {
    useCanvas.setState({ naming: null });
    if (text !== null && text.trim() !== name) edit(t("did.nameValue"), (part) => setName(part, source, text));
    nodeElement(source.node)?.focus();
  };
  const label = t("tag.name", { source: written(source) });
  return <NameField name={name} label={label} placeholder={source.name} end={end} />;
}

export const Tags = memo(Layer);
