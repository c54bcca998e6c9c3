import { keysOf, useBindings } from "./bindings";
import { shownKeys } from "./keyname";
import { command } from "./table";

/** The keys of a command as people read them, the first of them. */
export function useKeysOf(id: string): string {
  return useBindings((state) => {
    const found = command(id);
    return shownKeys((found && keysOf(found, state)[0]) ?? "");
  });
}
