/** Whether the graph or the app is looked at, as the address says. */
import { create } from "zustand";
import { hashOf, nameIn, PREFIX } from "./hash";

export const useMode = create<{ isApp: boolean }>()(() => ({ isApp: location.hash.startsWith(PREFIX) }));

export function showApp(saved: string | null): void {
  location.hash = hashOf(saved);
}

export function showGraph(): void {
  history.pushState(null, "", location.pathname + location.search);
  useMode.setState({ isApp: false });
}

/** Follows the address; `open` opens what it asks for. */
export function watchAddress(open: (name: string) => void): void {
  const look = () => {
    const name = nameIn(location.hash);
    useMode.setState({ isApp: location.hash.startsWith(PREFIX) });
    if (name !== null) open(name);
  };
  addEventListener("hashchange", look);
  addEventListener("popstate", look);
  look();
}
