/** A frame: its name to take it by, and a menu; collapsed, one box with the sockets that links go in and out by. */
import { Handle, type NodeProps, Position } from "@xyflow/react";
import { ChevronDown, ChevronRight, MoreHorizontal } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { memo } from "react";
import { useCatalog } from "~/catalog/store";
import { type Frame, framesOf, membersOf, removeFrame, setFrame } from "~/doc/frames";
import { addressOf } from "~/doc/model";
import { activeTab, edit, placeOfTab, select, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { useDetail } from "./Detail";
import type { FrameNode } from "./flow";
import { lookAt } from "./Look";
import { NameField } from "./NameField";
import { useCanvas } from "./state";

export const COLOURS: Readonly<Record<string, string>> = {
  blue: "#5b84c4",
  green: "#57a077",
  yellow: "#b8963e",
  red: "#bd6a66",
  violet: "#8f74bd",
};

function Body({ data }: NodeProps<FrameNode>) {
  const { frame, geometry } = data;
  const tier = useDetail();
  const look = { "--frame": frame.colour ?? "var(--faint)" } as React.CSSProperties;
  return (
    <section
      className={`frame ${tier}${frame.isCollapsed ? " collapsed" : ""}`}
      style={look}
      aria-label={t("frame.named", { title: frame.title })}
    >
      <header className="frame-head">
        <Fold frame={frame} />
        <Title frame={frame} />
        <Menu frame={frame} />
      </header>
      {frame.isCollapsed &&
        geometry.handles.map((each) => <Socket key={`${each.isSource} ${each.id}`} handle={each} />)}
    </section>
  );
}

function Fold({ frame }: { frame: Frame }) {
  const Icon = frame.isCollapsed ? ChevronRight : ChevronDown;
  return (
    <button
      type="button"
      className="icon nodrag"
      aria-label={t(frame.isCollapsed ? "frame.unfold" : "frame.fold", { title: frame.title || t("frame.untitled") })}
      aria-expanded={!frame.isCollapsed}
      onClick={() =>
        edit(frame.isCollapsed ? t("did.unfoldFrame") : t("did.foldFrame"), (part) =>
          setFrame(part, frame.id, "collapsed", frame.isCollapsed ? undefined : true),
        )
      }
    >
      <Icon size={13} />
    </button>
  );
}

function Title({ frame }: { frame: Frame }) {
  const isRenaming = useCanvas((state) => state.renaming === frame.id);
  const end = (title: string | null) => {
    useCanvas.setState({ renaming: null });
    if (title !== null) edit(t("did.renameFrame"), (part) => setFrame(part, frame.id, "title", title));
  };
  if (isRenaming) return <NameField name={frame.title} label={t("frame.field")} end={end} />;
  return (
    <button
      type="button"
      className="name"
      onDoubleClick={() => useCanvas.setState({ renaming: frame.id })}
      onClick={() => select(membersOf(framesOf(placeOfTab(activeTab()).part), frame.id))}
    >
      {frame.title || t("frame.untitled")}
    </button>
  );
}

function Menu({ frame }: { frame: Frame }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <button
          type="button"
          className="icon nodrag more"
          aria-label={t("frame.menu", { title: frame.title || t("frame.untitled") })}
        >
          <MoreHorizontal size={13} />
        </button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="start" onCloseAutoFocus={(event) => event.preventDefault()}>
          <DropdownMenu.Item
            className="menu-item"
            onSelect={() => setTimeout(() => useCanvas.setState({ renaming: frame.id }))}
          >
            {t("menu.rename")}
          </DropdownMenu.Item>
          <DropdownMenu.Item
            className="menu-item"
            onSelect={() => edit(t("did.removeFrame"), (part) => removeFrame(part, frame.id))}
          >
            {t("menu.remove")}
          </DropdownMenu.Item>
          <DropdownMenu.RadioGroup
            value={frame.colour ?? ""}
            onValueChange={(colour) =>
              edit(t("did.colourFrame"), (part) => setFrame(part, frame.id, "colour", colour || undefined))
            }
          >
            {[["plain", ""], ...Object.entries(COLOURS)].map(([name, colour]) => (
              <DropdownMenu.RadioItem key={name} className="menu-item" value={colour ?? ""}>
                {t(`frame.colours.${name}`)}
                <i className="swatch" style={{ background: colour || "var(--faint)" }} />
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Socket({ handle }: { handle: { id: string; isSource: boolean; y: number; type: string } }) {
  const colour = useCatalog((state) => state.finder.catalog.colour(handle.type));
  const { node, name } = addressOf(handle.id);
  const title = useTab((tab) => placeOfTab(tab).part.nodes?.[node]?.title || node);
  return (
    <span
      className={`edge ${handle.isSource ? "out" : "in"}`}
      style={{ top: handle.y }}
      title={`${title} · ${name}: ${handle.type}`}
    >
      <Handle
        id={handle.id}
        type={handle.isSource ? "source" : "target"}
        position={handle.isSource ? Position.Right : Position.Left}
        className="socket"
        style={{ "--socket": colour } as React.CSSProperties}
        onClick={({ clientX, clientY }) =>
          lookAt({ node, name, isSource: handle.isSource }, { x: clientX, y: clientY })
        }
        role="img"
        aria-label={`${handle.id}, ${handle.type}`}
      />
      {name}
    </span>
  );
}

export const FrameView = memo(Body);
