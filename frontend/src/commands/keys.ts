/** From keys to commands. */
import { COMMANDS, type Command } from "./table";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** A key with its modifiers, as the table writes it. */
export function nameOf(event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const isMod = isMac ? event.metaKey : event.ctrlKey;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  const key = event.key === " " ? "Space" : (letter ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key));
  const isSign = event.key.length === 1 && !letter && event.key !== " " && !/\d/.test(event.key);
  return `${isMod ? "Mod+" : ""}${event.altKey ? "Alt+" : ""}${event.shiftKey && !isSign ? "Shift+" : ""}${key}`;
}

/** Keys as people read them. */
export function shownKeys(keys: string): string {
  const words: Record<string, string> = { Mod: isMac ? "⌘" : "Ctrl", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };
  return keys.replace(/\w+/g, (word) => words[word] ?? word).replaceAll("+", keys === "+" ? "+" : " ");
}

export function commandFor(event: KeyboardEvent): Command | null {
  const name = nameOf(event);
  const found = COMMANDS.find((each) => each.keys?.includes(name));
  if (!found || (isTyping(event.target) && !found.whileTyping)) return null;
  if (isButton(event.target) && (name === "Space" || name === "Enter" || name === "Tab")) return null;
  return found.can?.() === false ? null : found;
}

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("[role=dialog], .palette")) return;
    const found = commandFor(event);
    if (!found) return;
    event.preventDefault();
    found.run();
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox], [type=range]), textarea, select, [contenteditable]");
}

/** Elsewhere than on the canvas, Space, Enter and Tab are for moving about and pressing. */
function isButton(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target !== document.body && !target.closest(".react-flow__node, .react-flow__pane");
}
