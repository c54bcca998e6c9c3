/** Files dropped anywhere: workflows open, each in a tab of its own; pictures become nodes where they fall. */

import { shownView } from "~/canvas/state";
import { openFiles } from "~/commands/files";

export function listenToDrops(): void {
  addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    const at = shownView()?.toCanvas({ x: event.clientX, y: event.clientY }) ?? { x: 0, y: 0 };
    const under = event.target instanceof Element ? event.target.closest(".react-flow__node") : null;
    void openFiles(files, { at, node: under?.getAttribute("data-id"), asPicture: event.altKey });
  });
}
