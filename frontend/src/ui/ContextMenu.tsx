/** The menu of what is under the hand: canvas, node, link, frame or socket; arrow keys move in it. */

import { ChevronRight } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { nodeElement } from "~/canvas/elements";
import { useMenu } from "~/canvas/state";
import { shownKeys } from "~/commands/keyname";
import { type MenuItem, menuOf } from "~/commands/menus";
import { t } from "~/i18n/language";

/** Within the page's main part, where those who do not see it expect what belongs to the canvas. */
const place = () => document.querySelector("main");

export function ContextMenu() {
  const menu = useMenu((state) => state.menu);
  if (!menu) return null;
  const { of, at } = menu;
  const groups = menuOf(of, at).filter((group) => group.length > 0);
  const close = () => useMenu.setState({ menu: null });
  const back = (event: Event) => {
    event.preventDefault();
    if (document.activeElement !== document.body) return;
    const id = of.kind === "node" || of.kind === "socket" ? of.node : null;
    if (id) nodeElement(id)?.focus();
  };
  return (
    <DropdownMenu.Root open modal={false} onOpenChange={(isOpen) => isOpen || close()}>
      <DropdownMenu.Trigger asChild>
        <span className="menu-anchor" style={{ left: at.x, top: at.y }} aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={place()}>
        <DropdownMenu.Content
          key={`${at.x} ${at.y}`}
          className="menu"
          align="start"
          sideOffset={2}
          aria-label={t("top.menu")}
          onCloseAutoFocus={back}
        >
          {groups.map((group, index) => (
            <DropdownMenu.Group key={group[0]?.label}>
              {index > 0 && <DropdownMenu.Separator className="menu-line" />}
              {group.map((item) => (
                <Item key={item.label} item={item} />
              ))}
            </DropdownMenu.Group>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Item({ item }: { item: MenuItem }) {
  if (item.items === undefined || item.isOff)
    return (
      <DropdownMenu.Item className="menu-item" disabled={item.isOff === true} onSelect={() => item.run?.()}>
        {item.label}
        <kbd>{item.keys ? shownKeys(item.keys) : ""}</kbd>
      </DropdownMenu.Item>
    );
  return (
    <DropdownMenu.Sub>
      <DropdownMenu.SubTrigger className="menu-item">
        {item.label} <ChevronRight size={12} aria-hidden />
      </DropdownMenu.SubTrigger>
      <DropdownMenu.Portal container={place()}>
        <DropdownMenu.SubContent className="menu">
          {item.items.map((each) => (
            <Item key={each.label} item={each} />
          ))}
        </DropdownMenu.SubContent>
      </DropdownMenu.Portal>
    </DropdownMenu.Sub>
  );
}
