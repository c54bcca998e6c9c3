/** The value of a socket, beside it: opened by a click on the socket, or from its node's menu. */
import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useCatalog } from "~/catalog/store";
import { sourceOf } from "~/doc/model";
import { activeTab, placeOfTab, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { Value } from "~/viewers/Value";
import { nodeElement } from "./elements";
import { type Look, type Plug, useCanvas, useLook } from "./state";

const BOX = { width: 300, height: 330 };

/** Looks at what a socket gives, or at what flows into it. */
export function lookAt(socket: Pick<Plug, "node" | "name" | "isSource">, at: { x: number; y: number }): void {
  if (useCanvas.getState().plug) return; // a link was let go here
  const tab = activeTab();
  const { part } = placeOfTab(tab);
  const own = { node: socket.node, name: socket.name };
  const source = socket.isSource ? own : sourceOf(part.nodes?.[own.node]?.inputs?.[own.name]);
  const output = source && useCatalog.getState().finder.output(part, source.node, source.name, tab.doc);
  useLook.setState({ look: source && output ? { source, type: output.type, at } : null });
}

const close = () => useLook.setState({ look: null });

export function LookView() {
  const look = useLook((state) => state.look);
  const doc = useTab((tab) => tab.doc);
  return look && <Box key={`${look.source.node}.${look.source.name}`} look={look} doc={doc} />;
}

function Box({ look: { source, type, at }, doc }: { look: Look; doc: object }) {
  const box = useRef<HTMLElement>(null);
  const opened = useRef(doc);
  useEffect(() => {
    if (opened.current !== doc) close(); // it was the value of another document
  }, [doc]);
  useEffect(() => {
    box.current?.focus();
    const outside = (event: Event) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) close();
    };
    addEventListener("pointerdown", outside, true);
    addEventListener("wheel", outside, { capture: true, passive: true });
    return () => {
      removeEventListener("pointerdown", outside, true);
      removeEventListener("wheel", outside, { capture: true });
    };
  }, []);
  const place = {
    left: Math.max(8, Math.min(at.x + 14, innerWidth - BOX.width - 8)),
    top: Math.max(8, Math.min(at.y - 20, innerHeight - BOX.height - 8)),
  };
  return (
    <section
      ref={box}
      className="look"
      style={place}
      tabIndex={-1}
      role="dialog"
      aria-label={t("look.title", { socket: `${source.node}.${source.name}` })}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
        nodeElement(source.node)?.focus();
      }}
    >
      <header>
        <b>{source.name}</b> <small>{type}</small>
        <button type="button" className="icon" aria-label={t("look.close")} onClick={close}>
          <X size={12} />
        </button>
      </header>
      <Value source={source} type={type} />
    </section>
  );
}
