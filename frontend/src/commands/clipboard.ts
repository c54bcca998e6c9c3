/** The system's clipboard: nodes as text, and files. */
import { clipSelected, pasteText, removeSelected } from "./actions";
import { openFiles } from "./files";

let withIncoming = false;

export function listenToClipboard(): void {
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "v") withIncoming = event.shiftKey; // Ctrl+Shift+V keeps the links that came in
  });
  document.addEventListener("copy", (event) => take(event, false));
  document.addEventListener("cut", (event) => take(event, true));
  document.addEventListener("paste", (event) => {
    if (isText(event.target)) return;
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) void openFiles(files);
    else if (!pasteText(event.clipboardData?.getData("text/plain") ?? "", withIncoming)) return;
    event.preventDefault();
  });
}

function take(event: ClipboardEvent, isCut: boolean): void {
  if (isText(event.target) || !getSelection()?.isCollapsed) return;
  const text = clipSelected();
  if (!text) return;
  event.clipboardData?.setData("text/plain", text);
  event.preventDefault();
  if (isCut) removeSelected(true);
}

function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, [contenteditable]");
}
