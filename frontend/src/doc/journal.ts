/** What is being edited, in the browser's own database: it outlives reloads, crashes and closed windows. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { parseJson, writeJson } from "~/api/json";
import type { Path, Workflow } from "./model";

export interface Kept {
  id: string;
  doc: Workflow;
  path: Path;
  /** The name and version in the service's library that it was opened from or saved as. */
  saved: { name: string; version: number } | null;
  isChanged: boolean;
  isOpen: boolean;
  position: number;
  touched: number;
}

export interface Version {
  doc: string;
  time: number;
  label: string;
  text: string;
}

interface Schema extends DBSchema {
  documents: { key: string; value: Omit<Kept, "doc"> & { text: string } };
  versions: { key: [string, number]; value: Version; indexes: { doc: string } };
}

const MOST_VERSIONS = 100;
const MOST_CLOSED = 100;

export class Journal {
  private constructor(private readonly database: IDBPDatabase<Schema>) {}

  static async open(name = "graphengine"): Promise<Journal> {
    const database = await openDB<Schema>(name, 1, {
      upgrade(fresh) {
        fresh.createObjectStore("documents", { keyPath: "id" });
        fresh.createObjectStore("versions", { keyPath: ["doc", "time"] }).createIndex("doc", "doc");
      },
    });
    return new Journal(database);
  }

  async put(kept: Kept): Promise<void> {
    const { doc, ...rest } = kept;
    await this.database.put("documents", { ...rest, text: writeJson(doc) });
  }

  /** All documents, or those that are open only; one that cannot be read is left where it is. */
  async all(which: "all" | "open" = "all"): Promise<Kept[]> {
    const found = await this.database.getAll("documents");
    return found
      .filter(({ isOpen }) => isOpen || which === "all")
      .flatMap(({ text, ...rest }) => {
        try {
          return [{ ...rest, doc: parseJson(text) as Workflow }];
        } catch {
          return [];
        }
      })
      .sort((a, b) => a.position - b.position);
  }

  /** Lets go of the documents that were closed longest ago, with their versions, where there are many. */
  async prune(most = MOST_CLOSED): Promise<void> {
    const act = this.database.transaction(["documents", "versions"], "readwrite");
    const closed = (await act.objectStore("documents").getAll()).filter(({ isOpen }) => !isOpen);
    closed.sort((a, b) => b.touched - a.touched);
    for (const { id } of closed.slice(most)) {
      await act.objectStore("documents").delete(id);
      const versions = await act.objectStore("versions").index("doc").getAllKeys(id);
      for (const key of versions) await act.objectStore("versions").delete(key);
    }
    await act.done;
  }

  /** Keeps a version of a document, and lets go of the oldest where there are many. */
  async keep(version: Version): Promise<void> {
    const known = await this.database.getAllKeysFromIndex("versions", "doc", version.doc);
    const act = this.database.transaction("versions", "readwrite");
    for (const key of known.slice(0, Math.max(0, known.length + 1 - MOST_VERSIONS))) await act.store.delete(key);
    await act.store.put(version);
    await act.done;
  }

  async versions(doc: string): Promise<Version[]> {
    return (await this.database.getAllFromIndex("versions", "doc", doc)).reverse();
  }

  close(): void {
    this.database.close();
  }
}
