import { keysFor, useBindings } from "./bindings";
import { shownKeys } from "./keyname";

/** The keys of a command as people read them, the first of them. */
export function useKeysOf(id: string): string {
  return useBindings((state) => shownKeys(keysFor(id, state) ?? ""));
}
