/** Painting a mask over a picture: by mouse, pen or finger; what is painted is what may change. */

import { Brush as BrushIcon, Contrast, Eraser, Redo2, Trash2, Undo2 } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { assetUrl, service } from "~/api/service";
import { spotBelow } from "~/canvas/spot";
import { finder } from "~/catalog/store";
import { digestOf, fileOf, loaderOf, maskOf, setMask } from "~/doc/pictures";
import { activeTab, edit, placeOfTab, select } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { closeDialog } from "~/ui/dialogs";
import { Frame } from "~/ui/Frame";
import { complain } from "~/ui/notices";
import { Slider } from "~/ui/Slider";
import { Painting } from "./painting";
import { type Brush, inPicture, pressed } from "./stroke";
import "./mask.css";

const COLOUR = "#f43f5e";

export default function MaskDialog({ node }: { node: string }) {
  const [source] = useState(() => sourcesOf(node));
  return (
    <Frame title={t("mask.paint")} size="full">
      {source ? <Painter node={node} picture={source.picture} mask={source.mask} /> : <p>{t("mask.none")}</p>}
    </Frame>
  );
}

function sourcesOf(node: string): { picture: string; mask: string | null } | null {
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const picture = fileOf(finder(), tab.doc, part, node)?.digest;
  const known = maskOf(part, node);
  const mask = known === null ? null : (fileOf(finder(), tab.doc, part, known)?.digest ?? null);
  return picture ? { picture, mask } : null;
}

function Painter({ node, picture, mask }: { node: string; picture: string; mask: string | null }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const painting = useRef<Painting>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [brush, setBrush] = useState<Brush>({ size: 0, soft: 0.3, isErasing: false });
  const [view, setView] = useState({ zoom: 1, x: 0, y: 0 });
  const hands = useHands(painting, brush, setView);

  useEffect(() => {
    const element = canvas.current;
    if (!size || !element) return;
    painting.current = new Painting(element, COLOUR);
    if (mask === null) return;
    const image = new Image();
    image.onload = () => painting.current?.load(image);
    image.src = assetUrl(mask);
  }, [size, mask]);

  const save = async () => {
    const loader = loaderOf(finder());
    if (!painting.current || !loader) return;
    try {
      const { reference } = await service.upload(await painting.current.save());
      if (digestOf(reference) === null) return;
      let name = "";
      const at = spotBelow(node);
      edit(t("did.paintMask"), (part) => {
        name = setMask(part, node, loader, reference, at, t("mask.title"));
      });
      select([name]);
      closeDialog();
    } catch (error) {
      complain(error);
    }
  };
  const keys = (event: KeyboardEvent) => {
    const act = keyed(event, painting.current, setBrush);
    if (!act) return;
    event.preventDefault();
    act();
  };

  return (
    <div className="painter" onKeyDown={keys} role="application" aria-label={t("mask.painter")}>
      <Tools
        brush={brush}
        setBrush={setBrush}
        painting={painting}
        largest={size ? Math.max(size.width, size.height) : 512}
      />
      <div className="stage" onWheel={(event) => setView((before) => zoomed(before, event.deltaY))}>
        <div className="sheet-of" style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.zoom})` }}>
          <img
            src={assetUrl(picture)}
            alt={t("mask.picture")}
            draggable={false}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => {
              setSize({ width: naturalWidth, height: naturalHeight });
              setBrush((before) => ({ ...before, size: Math.round(Math.max(naturalWidth, naturalHeight) / 8) }));
            }}
          />
          {size && (
            <canvas
              ref={canvas}
              width={size.width}
              height={size.height}
              tabIndex={0}
              aria-label={t("mask.mask")}
              {...hands}
            />
          )}
        </div>
      </div>
      <div className="foot">
        <span className="quiet-word">{t("mask.how")}</span>
        <span className="gap" />
        <button type="button" className="plain" onClick={closeDialog}>
          {t("save.cancel")}
        </button>
        <button type="button" className="primary" onClick={() => void save()}>
          {t("mask.use")}
        </button>
      </div>
    </div>
  );
}

interface ToolsProps {
  brush: Brush;
  setBrush(change: (before: Brush) => Brush): void;
  painting: { readonly current: Painting | null };
  largest: number;
}

function Tools({ brush, setBrush, painting, largest }: ToolsProps) {
  return (
    <fieldset className="tools" aria-label={t("mask.brush")}>
      <Tool
        says={t("mask.brush")}
        isOn={!brush.isErasing}
        go={() => setBrush((before) => ({ ...before, isErasing: false }))}
      >
        <BrushIcon size={14} />
      </Tool>
      <Tool
        says={t("mask.erase")}
        isOn={brush.isErasing}
        go={() => setBrush((before) => ({ ...before, isErasing: true }))}
      >
        <Eraser size={14} />
      </Tool>
      <label htmlFor="brush-size">
        {t("mask.size")}
        <Slider
          id="brush-size"
          min={1}
          max={largest}
          value={brush.size}
          onChange={({ target }) => setBrush((before) => ({ ...before, size: target.valueAsNumber }))}
        />
      </label>
      <label htmlFor="brush-soft">
        {t("mask.soft")}
        <Slider
          id="brush-soft"
          min={0}
          max={1}
          step={0.05}
          value={brush.soft}
          onChange={({ target }) => setBrush((before) => ({ ...before, soft: target.valueAsNumber }))}
        />
      </label>
      <span className="gap" />
      <Tool says={t("mask.undo")} go={() => painting.current?.undo()}>
        <Undo2 size={14} />
      </Tool>
      <Tool says={t("mask.redo")} go={() => painting.current?.redo()}>
        <Redo2 size={14} />
      </Tool>
      <Tool says={t("mask.invert")} go={() => painting.current?.invert()}>
        <Contrast size={14} />
      </Tool>
      <Tool says={t("mask.clear")} go={() => painting.current?.clear()}>
        <Trash2 size={14} />
      </Tool>
    </fieldset>
  );
}

function Tool({ says, isOn, go, children }: { says: string; isOn?: boolean; go(): void; children: ReactNode }) {
  return (
    <button type="button" className="icon" aria-label={says} title={says} aria-pressed={isOn} onClick={go}>
      {children}
    </button>
  );
}

type View = { zoom: number; x: number; y: number };

function zoomed(view: View, delta: number): View {
  return { ...view, zoom: Math.min(Math.max(view.zoom * (delta < 0 ? 1.15 : 1 / 1.15), 0.25), 16) };
}

/** One finger, pen or button draws; two fingers, or the middle button, move the picture. */
function useHands(
  painting: { readonly current: Painting | null },
  brush: Brush,
  setView: (change: (before: View) => View) => void,
) {
  const down = useRef(new Map<number, { x: number; y: number }>());
  const isPanning = useRef(false);
  const dabAt = (event: PointerEvent<HTMLCanvasElement>) => {
    const { currentTarget: target } = event;
    const at = inPicture({ x: event.clientX, y: event.clientY }, target.getBoundingClientRect(), target.width);
    return { ...at, radius: Math.max((brush.size / 2) * pressed(event), 0.5) };
  };
  const up = (event: PointerEvent<HTMLCanvasElement>) => {
    down.current.delete(event.pointerId);
    if (down.current.size === 0) isPanning.current = false;
    painting.current?.end();
  };
  return {
    onPointerDown: (event: PointerEvent<HTMLCanvasElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      down.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (down.current.size === 2 && !isPanning.current) painting.current?.abandon();
      isPanning.current ||= event.button === 1 || down.current.size > 1;
      if (!isPanning.current) painting.current?.begin(dabAt(event), brush);
    },
    onPointerMove: (event: PointerEvent<HTMLCanvasElement>) => {
      const before = down.current.get(event.pointerId);
      if (!before) return;
      down.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (!isPanning.current) return painting.current?.move(dabAt(event), brush);
      const share = down.current.size;
      const [dx, dy] = [(event.clientX - before.x) / share, (event.clientY - before.y) / share];
      setView((view) => ({ ...view, x: view.x + dx, y: view.y + dy }));
    },
    onPointerUp: up,
    onPointerCancel: up,
  };
}

function keyed(
  event: KeyboardEvent,
  painting: Painting | null,
  setBrush: (change: (before: Brush) => Brush) => void,
): (() => void) | null {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "z") return () => (event.shiftKey ? painting?.redo() : painting?.undo());
    return key === "y" ? () => painting?.redo() : null;
  }
  const resize = (by: number) => () =>
    setBrush((before) => ({ ...before, size: Math.max(1, Math.round(before.size * by)) }));
  const acts: Record<string, () => void> = {
    "[": resize(1 / 1.2),
    "]": resize(1.2),
    e: () => setBrush((before) => ({ ...before, isErasing: true })),
    b: () => setBrush((before) => ({ ...before, isErasing: false })),
    i: () => painting?.invert(),
  };
  return acts[key] ?? null;
}
