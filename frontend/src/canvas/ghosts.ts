/** What stays where it is while copies of it are dragged away: pictures of the nodes and of their links. */

const FOUND = "ghosts";

/** Leaves pictures of nodes, and of the links at them, where they are now. */
export function leaveGhosts(names: readonly string[], links: readonly string[]): void {
  clearGhosts();
  const viewport = document.querySelector(".canvas .react-flow__viewport");
  if (!viewport) return;
  const holder = document.createElement("div");
  holder.className = FOUND;
  holder.setAttribute("aria-hidden", "true");
  holder.inert = true;
  for (const id of links) {
    const link = viewport.querySelector(`.react-flow__edge[data-id="${CSS.escape(id)}"]`)?.closest("svg");
    if (link) holder.append(pictureOf(link));
  }
  for (const name of names) {
    const node = viewport.querySelector(`.react-flow__node[data-id="${CSS.escape(name)}"]`);
    if (node) holder.append(pictureOf(node, "ghost"));
  }
  viewport.insertBefore(holder, viewport.querySelector(".react-flow__nodes"));
}

export function clearGhosts(): void {
  for (const each of document.querySelectorAll(`.${FOUND}`)) each.remove();
}

/** A copy that nobody can take for the thing itself: without names to be found by. */
function pictureOf(element: Element, className?: string): Element {
  const copy = element.cloneNode(true) as Element;
  for (const each of [copy, ...copy.querySelectorAll("*")])
    for (const name of ["id", "data-id", "data-handleid", "data-nodeid", "tabindex", "for"]) each.removeAttribute(name);
  for (const each of copy.querySelectorAll(".react-flow__edge")) each.classList.remove("react-flow__edge");
  if (className) copy.setAttribute("class", className);
  return copy;
}
