/** The canvas: the document drawn by React Flow, and what hands do on it turned into changes of the document. */

import {
  Background,
  BackgroundVariant,
  type Connection,
  ConnectionMode,
  type EdgeChange,
  type EdgeTypes,
  type FinalConnectionState,
  MiniMap,
  type NodeTypes,
  type OnConnectStart,
  type OnReconnect,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
  type Viewport,
} from "@xyflow/react";
import { type MouseEvent, memo, useEffect, useMemo, useRef, useState } from "react";
import { useCatalog } from "~/catalog/store";
import { useKeysOf } from "~/commands/useKeys";
import { setBends } from "~/doc/bends";
import { connect, disconnect } from "~/doc/edit";
import { addressOf, linkId, type Point, positionOf } from "~/doc/model";
import { activeTab, edit, placeOfTab, select, usePart, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { linkOf, obstacle, socketOf } from "./connecting";
import { DetailProvider, useDetail } from "./Detail";
import { beginDrag, changeNodes, finishDrag, put } from "./dragging";
import { EdgeView } from "./EdgeView";
import { FarLinks } from "./FarLinks";
import { FrameView } from "./FrameView";
import { type CanvasEdge, type CanvasNode, FlowMaker } from "./flow";
import { FRAME } from "./framing";
import { WIDTH } from "./geometry";
import { LookView } from "./Look";
import { Marks } from "./Marks";
import { NodeView } from "./NodeView";
import { Picker } from "./Picker";
import { placeAmong } from "./route";
import { openMenu, pointer, showView, useCanvas, usePalette } from "./state";
import { Tags } from "./Tags";
import { LEAST_ZOOM, MOST_ZOOM, remember, viewportFor } from "./viewport";
import { Hand } from "./wheel";

const nodeTypes: NodeTypes = { node: NodeView, frame: FrameView };
const edgeTypes: EdgeTypes = { link: EdgeView };
const SNAP: [number, number] = [8, 8];
const PAN_BUTTONS = [1, 2];
const NO_EDGES: CanvasEdge[] = [];
const NOTHING: { nodes: CanvasNode[]; edges: CanvasEdge[] } = { nodes: [], edges: NO_EDGES };
const DELETE: string[] = []; // a command does it
const EXTEND = ["Shift", "Meta", "Control"];
const PRO = { hideAttribution: true };
const DEFAULT_EDGE = { reconnectable: "target" as const };

export function Canvas() {
  const key = useTab((tab) => `${tab.id} ${tab.path.join("/")}`);
  return <Place key={key} place={key} />;
}

function Place({ place }: { place: string }) {
  const [begin] = useState(() => viewportFor(place, placeOfTab(activeTab()).part));
  return (
    <ReactFlowProvider>
      <DetailProvider zoom={begin.zoom}>
        <Flow place={place} begin={begin} />
      </DetailProvider>
    </ReactFlowProvider>
  );
}

function Flow({ place, begin }: { place: string; begin: Viewport }) {
  const tier = useDetail();
  const flow = useReactFlow<CanvasNode, CanvasEdge>();
  const isEmpty = useTab((tab) => Object.keys(placeOfTab(tab).part.nodes ?? {}).length === 0);
  const { nodes, edges } = useFlow();
  const shell = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const middle = () => {
      const box = shell.current?.getBoundingClientRect() ?? new DOMRect();
      return flow.screenToFlowPosition({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
    };
    showView({
      toCanvas: (screen) => flow.screenToFlowPosition(screen),
      middle,
      fit: (names) =>
        void flow.fitView({ nodes: names?.map((id) => ({ id })), padding: 0.15, maxZoom: 1.1, duration: 150 }),
      reveal: (name) => {
        const [node, box] = [flow.getNode(name), shell.current?.getBoundingClientRect()];
        if (!node || !box) return;
        const { width = 0, height = 0 } = node.measured ?? {};
        const from = flow.screenToFlowPosition({ x: box.left, y: box.top });
        const to = flow.screenToFlowPosition({ x: box.right, y: box.bottom });
        const { x, y } = node.position;
        if (x >= from.x && y >= from.y && x + width <= to.x && y + height <= to.y) return;
        void flow.setCenter(x + width / 2, y + height / 2, { zoom: flow.getZoom(), duration: 150 });
      },
      zoom: (by) => void (by === "actual" ? flow.zoomTo(1) : flow.zoomTo(flow.getZoom() * by)),
    });
    return () => showView(null);
  }, [flow]);

  useEffect(() => {
    const element = shell.current;
    const hand = new Hand();
    const turn = (event: WheelEvent) => {
      if ((event.target as Element).closest(".nowheel, .palette, .look") || !hand.pans(event)) return;
      event.preventDefault();
      event.stopPropagation();
      const { x, y, zoom } = flow.getViewport();
      void flow.setViewport({ x: x - event.deltaX, y: y - event.deltaY, zoom });
    };
    element?.addEventListener("wheel", turn, { capture: true, passive: false });
    return () => element?.removeEventListener("wheel", turn, { capture: true });
  }, [flow]);

  const openPalette = (event: MouseEvent) => {
    if (!(event.target as Element).classList.contains("react-flow__pane")) return;
    const at = { x: event.clientX, y: event.clientY };
    usePalette.setState({ request: { at, to: flow.screenToFlowPosition(at), plug: null, link: null } });
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the palette opens by keys too
    <div
      ref={shell}
      className="canvas"
      onDoubleClick={openPalette}
      onPointerMove={(event) => Object.assign(pointer, { x: event.clientX, y: event.clientY })}
    >
      <ReactFlow<CanvasNode, CanvasEdge>
        nodes={nodes}
        edges={tier === "far" ? NO_EDGES : edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={changeNodes}
        onEdgesChange={changeEdges}
        onNodeDragStart={beginDrag}
        onSelectionDragStart={beginDrag}
        onNodeDragStop={finishDrag}
        onSelectionDragStop={finishDrag}
        onConnect={plugIn}
        onConnectStart={beginPlug}
        onConnectEnd={(event, state) => endPlug(event, state, (at) => flow.screenToFlowPosition(at))}
        onEdgeDoubleClick={(event, edge) =>
          bend(edge, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }))
        }
        onPaneContextMenu={paneMenu}
        onNodeContextMenu={nodeMenu}
        onSelectionContextMenu={selectionMenu}
        onEdgeContextMenu={linkMenu}
        onReconnect={replug}
        onReconnectEnd={unplug}
        isValidConnection={isValid}
        onMoveEnd={(_, viewport) => remember(place, viewport)}
        defaultViewport={begin}
        minZoom={LEAST_ZOOM}
        maxZoom={MOST_ZOOM}
        onlyRenderVisibleElements
        connectionMode={ConnectionMode.Strict}
        connectionRadius={26}
        connectionDragThreshold={4} // a click looks at the value
        connectOnClick={false}
        defaultEdgeOptions={DEFAULT_EDGE}
        snapToGrid
        snapGrid={SNAP}
        selectionOnDrag
        selectionMode={SelectionMode.Partial}
        panOnDrag={PAN_BUTTONS}
        panOnScroll={false}
        zoomOnDoubleClick={false}
        panActivationKeyCode={null}
        deleteKeyCode={DELETE}
        multiSelectionKeyCode={EXTEND}
        selectionKeyCode={null}
        elevateNodesOnSelect={false}
        nodeDragThreshold={2}
        proOptions={PRO}
        aria-label={t("canvas.title")}
      >
        <Background variant={BackgroundVariant.Dots} gap={24} size={1} color="var(--grid)" />
        <Marks />
        {tier === "far" ? <FarLinks nodes={nodes} edges={edges} /> : <Tags nodes={nodes} />}
        {nodes.length > 12 && <Map_ />}
      </ReactFlow>
      {isEmpty && <Empty />}
      <Picker />
      <LookView />
    </div>
  );
}

const Map_ = memo(() => (
  <MiniMap
    pannable
    zoomable
    className="minimap"
    nodeBorderRadius={6}
    nodeClassName={mapped}
    ariaLabel={t("canvas.overview")}
  />
));

const mapped = (node: CanvasNode) => (node.type === "frame" && !node.data.frame.isCollapsed ? "framed" : "");

function Empty() {
  const keys = useKeysOf("add");
  return (
    <div className="empty">
      <p>
        {t("canvas.add")} <kbd>{keys}</kbd>
      </p>
      <p>{t("canvas.drop")}</p>
    </div>
  );
}

function useFlow() {
  const part = usePart();
  const doc = useTab((tab) => tab.doc);
  const selected = useTab((tab) => tab.nodes);
  const selectedLinks = useTab((tab) => tab.links);
  const finder = useCatalog((state) => state.finder);
  const dragged = useCanvas((state) => state.dragged);
  const copying = useCanvas((state) => state.copying);
  const sizes = useCanvas((state) => state.sizes);
  const maker = useRef<FlowMaker>(null);
  maker.current ??= new FlowMaker();
  const made = maker.current;
  const isKnown = useCatalog((state) => state.state !== "loading");
  return useMemo(() => {
    if (!isKnown) return NOTHING; // nobody can say yet what the nodes are
    const seen = { part, doc, selected, selectedLinks, finder, dragged, copying, sizes };
    const nodes = made.nodes(seen);
    return { nodes, edges: made.links(seen) };
  }, [isKnown, made, part, doc, selected, selectedLinks, finder, dragged, copying, sizes]);
}

const pointOf = (event: MouseEvent | globalThis.MouseEvent) => ({ x: event.clientX, y: event.clientY });

function paneMenu(event: MouseEvent | globalThis.MouseEvent): void {
  event.preventDefault();
  openMenu({ kind: "canvas" }, pointOf(event));
}

function nodeMenu(event: MouseEvent, { id }: CanvasNode): void {
  if ((event.target as Element).closest("input, textarea")) return; // the browser's own is of use there
  event.preventDefault();
  const isFrame = id.startsWith(FRAME);
  if (!isFrame && !activeTab().nodes.has(id)) select([id]);
  openMenu(isFrame ? { kind: "frame", frame: id.slice(FRAME.length) } : { kind: "node", node: id }, pointOf(event));
}

function selectionMenu(event: MouseEvent): void {
  event.preventDefault();
  const [node] = activeTab().nodes;
  if (node !== undefined) openMenu({ kind: "node", node }, pointOf(event));
}

function linkMenu(event: MouseEvent, { id }: CanvasEdge): void {
  event.preventDefault();
  select([], [id]);
  openMenu({ kind: "link", link: id }, pointOf(event));
}

function changeEdges(changes: EdgeChange<CanvasEdge>[]): void {
  const tab = activeTab();
  const links = new Set(tab.links);
  for (const change of changes) {
    if (change.type !== "select") continue;
    put(links, change.id, change.selected);
  }
  select(tab.nodes, links);
}

function isValid(ends: Connection | CanvasEdge): boolean {
  const link = linkOf(ends);
  const tab = activeTab();
  return link !== null && obstacle(useCatalog.getState().finder, tab.doc, placeOfTab(tab).part, link) === null;
}

function plugIn(ends: Connection): void {
  const link = linkOf(ends);
  if (link) edit(t("did.connect"), (part) => connect(part, link));
}

/** A new point to lead a link by. */
function bend(edge: CanvasEdge, at: Point): void {
  const target = addressOf(edge.id);
  const { part } = placeOfTab(activeTab());
  const bends = edge.data?.bends ?? [];
  const ends = [positionOf(part, edge.source), positionOf(part, target.node)] as const;
  const place = placeAmong({ ...ends[0], x: ends[0].x + WIDTH }, bends, ends[1], at);
  edit(t("did.lead"), (draft) => setBends(draft, target, bends.toSpliced(place, 0, at)));
}

const replug: OnReconnect<CanvasEdge> = (old, ends) => {
  const link = linkOf(ends);
  if (!link || (linkId(link.target) === old.id && link.source.node === old.source)) return; // put back
  edit(t("did.replug"), (part) => {
    disconnect(part, addressOf(old.id));
    connect(part, link);
  });
};

function unplug(_: unknown, edge: CanvasEdge, __: unknown, state: FinalConnectionState): void {
  if (!state.isValid) edit(t("did.unplug"), (part) => disconnect(part, addressOf(edge.id)));
}

const beginPlug: OnConnectStart = (_, { nodeId, handleId, handleType }) => {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const { finder } = useCatalog.getState();
  if (!nodeId || !handleId) return;
  const isSource = handleType === "source";
  const { node, name } = socketOf(nodeId, handleId);
  const socket = isSource ? finder.output(part, node, name, tab.doc) : finder.input(part, node, name, tab.doc);
  if (socket) useCanvas.setState({ plug: { node, name, type: socket.type, isSource } });
};

type ToCanvas = (at: { x: number; y: number }) => { x: number; y: number };

/** A link that is dropped where no socket is asks for a node that fits. */
function endPlug(event: globalThis.MouseEvent | TouchEvent, state: FinalConnectionState, toCanvas: ToCanvas): void {
  const { plug } = useCanvas.getState();
  setTimeout(() => useCanvas.setState({ plug: null })); // a click that ends it, on a socket, looks at no value
  if (!plug || state.isValid || state.toHandle || state.toNode) return;
  const touch = "changedTouches" in event ? event.changedTouches[0] : event;
  if (!touch) return;
  const at = { x: touch.clientX, y: touch.clientY };
  usePalette.setState({ request: { at, to: toCanvas(at), plug, link: null } });
}
