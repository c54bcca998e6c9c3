/** A hand on a socket that is linked takes the link by its end; what is let go where nothing is, is unplugged. */
import type { MouseEvent } from "react";
import { linkId } from "~/doc/model";
import { linkElement } from "./elements";

/** Hands the press on to the end of the link that comes in; a press without a way to go is a click all the same. */
export function takeLink(event: MouseEvent<HTMLElement>): void {
  const { nodeid: node, handleid: name } = event.currentTarget.dataset;
  if (event.button !== 0 || node === undefined || name === undefined) return;
  const end = linkElement(linkId({ node, name }))?.querySelector(".react-flow__edgeupdater-target");
  if (!end) return; // nothing comes in, or over no wire: a new link is drawn
  event.stopPropagation();
  end.dispatchEvent(new window.MouseEvent("mousedown", event.nativeEvent));
}
