/** What keys are called in the table of commands, and on the screen. */

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** A key with its modifiers, as the table writes it. */
export function nameOf(
  event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">,
): string {
  const isMod = isMac ? event.metaKey : event.ctrlKey;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  const key = event.key === " " ? "Space" : (letter ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key));
  const isSign = event.key.length === 1 && !letter && event.key !== " " && !/\d/.test(event.key);
  return `${isMod ? "Mod+" : ""}${event.altKey ? "Alt+" : ""}${event.shiftKey && !isSign ? "Shift+" : ""}${key}`;
}

/** Keys as people read them. */
export function shownKeys(keys: string): string {
  const words: Record<string, string> = {
    Mod: isMac ? "⌘" : "Ctrl",
    ArrowUp: "↑",
    ArrowDown: "↓",
    ArrowLeft: "←",
    ArrowRight: "→",
  };
  return keys.replace(/\w+/g, (word) => words[word] ?? word).replaceAll("+", keys === "+" ? "+" : " ");
}
