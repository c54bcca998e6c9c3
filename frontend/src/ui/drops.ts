/**
 * Files dropped anywhere: workflows open, each in a tab of its own; pictures become nodes where they fall. With Shift,
 * and where it was asked what to compare with, the document that is looked at is compared with the file.
 */
import { shownView } from "~/canvas/state";
import { compare, inFile } from "~/commands/comparing";
import { openFiles } from "~/commands/files";
import { closeDialog, useDialog } from "./dialogs";

export function listenToDrops(): void {
  addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    const [first] = files;
    const isAsked = useDialog.getState().dialog?.kind === "compare";
    if (first && (event.shiftKey || isAsked)) {
      if (isAsked) closeDialog();
      return void compare(inFile(first, first.name));
    }
    const at = shownView()?.toCanvas({ x: event.clientX, y: event.clientY }) ?? { x: 0, y: 0 };
    const under = event.target instanceof Element ? event.target.closest(".react-flow__node") : null;
    void openFiles(files, { at, node: under?.getAttribute("data-id"), asPicture: event.altKey });
  });
}
