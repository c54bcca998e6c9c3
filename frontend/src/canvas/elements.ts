/** What stands on the page for nodes and links. */

export function nodeElement(name: string): HTMLElement | null {
  return document.querySelector(`.react-flow__node[data-id="${CSS.escape(name)}"]`);
}

export function linkElement(id: string): Element | null {
  return document.querySelector(`.react-flow__edge[data-id="${CSS.escape(id)}"]`);
}
