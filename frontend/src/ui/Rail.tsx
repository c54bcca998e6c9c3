/** The narrow bar at the left: the few places that one goes to. */
import { FolderOpen, Keyboard, LayoutGrid, LayoutTemplate, Library, Plus, SunMoon } from "lucide-react";
import type { ComponentType } from "react";
import { command, titleOf } from "~/commands/table";
import { useKeysOf } from "~/commands/useKeys";
import { t } from "~/i18n/language";

const ITEMS: readonly [string, ComponentType<{ size: number }>][] = [
  ["add", Plus],
  ["templates", LayoutTemplate],
  ["library", Library],
  ["open", FolderOpen],
  ["layout", LayoutGrid],
];

const FOOT: readonly [string, ComponentType<{ size: number }>][] = [
  ["theme", SunMoon],
  ["keys", Keyboard],
];

export function Rail() {
  return (
    <nav className="rail" aria-label={t("rail.title")}>
      {ITEMS.map((item) => (
        <Item key={item[0]} item={item} />
      ))}
      <span className="gap" />
      {FOOT.map((item) => (
        <Item key={item[0]} item={item} />
      ))}
    </nav>
  );
}

function Item({ item: [id, Icon] }: { item: (typeof ITEMS)[number] }) {
  const found = command(id);
  const keys = useKeysOf(id);
  if (!found) return null;
  const title = titleOf(found);
  return (
    <button
      type="button"
      className="icon"
      aria-label={title}
      title={`${title}${keys ? ` (${keys})` : ""}`}
      onClick={() => found.run()}
    >
      <Icon size={17} />
    </button>
  );
}
