/** A socket with its name: coloured by its type, dimmed while a link is drawn that does not fit. */
import { Handle, Position } from "@xyflow/react";
import type { ReactNode } from "react";
import { isList } from "~/catalog/catalog";
import { useCatalog } from "~/catalog/store";
import { activeTab, placeOfTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { obstacle } from "./connecting";
import { lookAt } from "./Look";
import { openMenu, type Plug, useCanvas } from "./state";
import { takeLink } from "./taking";

interface Props {
  node: string;
  name: string;
  type: string;
  isSource?: boolean;
  /** Whether nothing is plugged in. */
  isOpen?: boolean;
  /** Whether the row has a value of its own: its socket shows when it is wanted. */
  isValue?: boolean;
  title?: string | undefined;
  children: ReactNode;
}

export function Plugged({
  node,
  name,
  type,
  isSource = false,
  isOpen = false,
  isValue = false,
  title,
  children,
}: Props) {
  const colour = useCatalog((state) => state.finder.catalog.colour(type));
  const reason = useCanvas((state) => (state.plug ? reasonAgainst(state.plug, { node, name, type, isSource }) : null));
  const isFitting = useCanvas((state) => state.plug !== null) && reason === null;
  const look = `${isValue && isOpen ? " quiet" : ""}${reason ? " unfit" : ""}${isFitting ? " fit" : ""}`;
  return (
    <span className={`plug ${isSource ? "out" : "in"}${look}`} title={reason ?? title ?? `${name}: ${type}`}>
      <Handle
        id={name}
        type={isSource ? "source" : "target"}
        position={isSource ? Position.Right : Position.Left}
        className={`socket${isList(type) ? " list" : ""}${isOpen ? " open" : ""}`}
        style={{ "--socket": colour } as React.CSSProperties}
        role="img"
        aria-label={`${node}.${name}, ${type}`}
        onMouseDownCapture={isSource ? undefined : takeLink}
        onContextMenu={(event) => {
          event.preventDefault();
          event.stopPropagation();
          openMenu({ kind: "socket", node, name, isSource }, { x: event.clientX, y: event.clientY });
        }}
        onClick={({ clientX, clientY }) => lookAt({ node, name, isSource }, { x: clientX, y: clientY })}
      />
      {children}
    </span>
  );
}

/** Why a socket does not fit the one that a link is drawn from; the socket itself stays as it is. */
function reasonAgainst(plug: Plug, socket: Plug): string | null {
  if (plug.node === socket.node && plug.name === socket.name && plug.isSource === socket.isSource) return null;
  if (plug.isSource === socket.isSource) return t(plug.isSource ? "blocked.outputs" : "blocked.inputs");
  const [source, target] = plug.isSource ? [plug, socket] : [socket, plug];
  const tab = activeTab();
  return obstacle(useCatalog.getState().finder, tab.doc, placeOfTab(tab).part, { source, target });
}
