/** Names of nodes: letters, digits, `_` and `-`, beginning with a letter, at most 64. */

const LONGEST = 64;
export const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** A name that is free, made from a node type (`text.encode` → `encode`) or from what somebody typed. */
export function freeName(wish: string, taken: (name: string) => boolean): string {
  const plain = wish.replace(/^subgraph:/, "").replace(/^.*\./, "");
  const base = plain.replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^[^A-Za-z]+/, "") || "node";
  const short = base.slice(0, LONGEST - 6);
  if (!taken(short)) return short;
  const stem = short.replace(/_?\d+$/, "") || "node";
  for (let number = 2; ; number++) {
    const name = `${stem}_${number}`;
    if (!taken(name)) return name;
  }
}

/** Sockets have no `-` in their names. */
export const SOCKET_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** A name of a socket that is free, made from a wish. */
export function freeSocket(wish: string, taken: (name: string) => boolean): string {
  return freeName(wish.replace(/[^A-Za-z0-9_]+/g, "_").replace(/^[^A-Za-z]+/, "") || "value", taken);
}
