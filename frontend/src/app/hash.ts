/** What the address says of the app: `#/app`, or `#/app/<name in the library>`. */

export const PREFIX = "#/app";

/** The name in the library that an address asks for, or null. */
export function nameIn(hash: string): string | null {
  if (!hash.startsWith(`${PREFIX}/`)) return null;
  try {
    return decodeURIComponent(hash.slice(PREFIX.length + 1)) || null;
  } catch {
    return null; // no address of ours
  }
}

/** The address of the app of a workflow: one that others can open too, where it is in the library. */
export function hashOf(saved: string | null): string {
  return saved === null ? PREFIX : `${PREFIX}/${encodeURIComponent(saved)}`;
}
