/** The narrow bar at the left: the few places that one goes to. */
import { FolderOpen, Keyboard, LayoutGrid, LayoutTemplate, Library, Plus, SunMoon } from "lucide-react";
import type { ComponentType } from "react";
import { shownKeys } from "~/commands/keyname";
import { command } from "~/commands/table";

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
    <nav className="rail" aria-label="Tools">
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
  if (!found) return null;
  const keys = found.keys?.[0];
  return (
    <button
      type="button"
      className="icon"
      aria-label={found.title}
      title={`${found.title}${keys ? ` (${shownKeys(keys)})` : ""}`}
      onClick={() => found.run()}
    >
      <Icon size={17} />
    </button>
  );
}
