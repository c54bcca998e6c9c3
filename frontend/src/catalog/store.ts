/** The catalogue of the service, once it has come. */
import { create } from "zustand";
import { service } from "~/api/service";
import { Catalog } from "./catalog";
import { SocketFinder } from "./sockets";

interface Known {
  finder: SocketFinder;
  state: "loading" | "ready" | "failed";
}

const NONE = new SocketFinder(new Catalog({ nodes: [], types: [], conversions: [], fits: [], faults: [] }));

export const useCatalog = create<Known>()(() => ({ finder: NONE, state: "loading" }));

export const finder = () => useCatalog.getState().finder;

export async function loadCatalog(): Promise<void> {
  try {
    useCatalog.setState({ finder: new SocketFinder(new Catalog(await service.nodes())), state: "ready" });
  } catch (error) {
    if (useCatalog.getState().state !== "ready") useCatalog.setState({ state: "failed" });
    throw error;
  }
}
