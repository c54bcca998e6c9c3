/** From keys to commands. */
import { boundTo } from "./bindings";
import { nameOf } from "./keyname";
import type { Command } from "./table";

export function commandFor(event: KeyboardEvent): Command | null {
  const name = nameOf(event);
  const found = boundTo(name);
  if (!found || (isTyping(event.target) && !found.whileTyping)) return null;
  if (isButton(event.target) && (name === "Space" || name === "Enter" || name === "Tab")) return null;
  return found.can?.() === false ? null : found;
}

export function listenToKeys(): void {
  addEventListener("keydown", (event) => void act(event));
  // a node that has the focus would take some of them for choosing and unchoosing itself
  addEventListener("keydown", (event) => isNode(event.target) && act(event) && event.stopPropagation(), true);
}

function act(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || document.querySelector("[role=dialog], [role=menu], .palette")) return false;
  const found = commandFor(event);
  if (!found) return false;
  event.preventDefault();
  found.run();
  return true;
}

function isNode(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches(".react-flow__node");
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches("input:not([type=checkbox], [type=range]), textarea, select, [contenteditable]")
  );
}

/** On buttons, and elsewhere than on the canvas, Space, Enter and Tab are for moving about and pressing. */
function isButton(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement) || target === document.body) return false;
  return target.matches("button, input, a, summary") || !target.closest(".react-flow__node, .react-flow__pane");
}
