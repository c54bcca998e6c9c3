/** Keeps every open document in the journal, and brings them back. Each window holds documents of its own. */

import { create } from "zustand";
import { parseWorkflow, workflowText } from "./file";
import { emptyHistory } from "./history";
import { Journal, type Kept } from "./journal";
import { hasChanged, NOTHING, restoreTabs, type Tab, useTabs } from "./tabs";

const DELAY = 200; // milliseconds without a change, after which it is written
const BESIDE = "graphengine.beside.";
const ACTIVE = "graphengine.active";
const BETWEEN_VERSIONS = 120_000;

/** What keeps the documents; null until it has begun, and where this browser keeps nothing. */
export const useKeeper = create<{ keeper: Keeper | null }>()(() => ({ keeper: null }));

export class Keeper {
  private readonly written = new Map<string, Tab>();
  private readonly versions = new Map<string, number>();
  private readonly pending = new Set<string>();
  /** Tabs that were closed, until the database knows. */
  private readonly closing = new Map<string, Tab>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private hasFailed = false;

  private constructor(
    readonly journal: Journal,
    private readonly onFailure: (message: string) => void,
  ) {}

  /** Restores what was open here, and keeps what comes. */
  static async start(onFailure: (message: string) => void = () => {}): Promise<Keeper> {
    const keeper = new Keeper(await Journal.open(), onFailure);
    await keeper.restore();
    useKeeper.setState({ keeper });
    useTabs.subscribe((state, before) => {
      if (state.active !== before.active) sessionStorage.setItem(ACTIVE, state.active);
      for (const tab of before.tabs) {
        if (!state.tabs.some((each) => each.id === tab.id)) keeper.closing.set(tab.id, tab); // with its last change
      }
      if (state.tabs !== before.tabs) keeper.later();
    });
    addEventListener("pagehide", () => keeper.leave());
    document.addEventListener("visibilitychange", () => void keeper.flush());
    return keeper;
  }

  /** Writes what has changed now. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { tabs } = useTabs.getState();
    const open = new Set(tabs.map((tab) => tab.id));
    const changed = tabs.filter((tab) => this.written.get(tab.id) !== tab);
    const closed = [...this.closing.values()].filter((tab) => !open.has(tab.id));
    for (const id of open) this.closing.delete(id); // opened again meanwhile
    for (const tab of closed) this.written.delete(tab.id);
    for (const tab of changed) this.written.set(tab.id, tab);
    const position = (tab: Tab) => tabs.indexOf(tab);
    for (const tab of changed) this.pending.add(tab.id);
    await Promise.all([
      ...changed.map((tab) => this.journal.put(keptOf(tab, true, position(tab)))),
      ...closed.map((tab) => this.journal.put(keptOf(tab, false, 0))),
      ...changed.map((tab) => this.version(tab)),
    ]);
    this.hasFailed = false;
    for (const tab of closed) this.closing.delete(tab.id);
    for (const tab of changed) {
      this.pending.delete(tab.id);
      void hold(tab.id);
    }
  }

  /** Opens again the document that was closed last; returns whether there was one. */
  async reopen(): Promise<boolean> {
    await this.flush();
    const { tabs } = useTabs.getState();
    const open = new Set(tabs.map((tab) => tab.id));
    const closed = (await this.journal.all()).filter((kept) => !kept.isOpen && !open.has(kept.id));
    closed.sort((a, b) => b.touched - a.touched);
    for (const kept of closed) {
      if (Object.keys(kept.doc.nodes ?? {}).length === 0 || !(await hold(kept.id))) continue;
      restoreTabs([...tabs, tabOf(kept)], kept.id);
      return true;
    }
    return false;
  }

  /** The page goes away, and a database may not be written any more: what is not in it yet is written beside it. */
  private leave(): void {
    const { tabs } = useTabs.getState();
    const open = tabs.filter((each) => this.written.get(each.id) !== each || this.pending.has(each.id));
    const closed = [...this.closing.values()].filter((each) => !tabs.some((tab) => tab.id === each.id));
    for (const tab of [...open, ...closed]) {
      const { doc, ...rest } = keptOf(tab, tabs.includes(tab), Math.max(tabs.indexOf(tab), 0));
      try {
        localStorage.setItem(BESIDE + tab.id, JSON.stringify({ ...rest, text: workflowText(doc) }));
      } catch {
        // there is no room: the database may still have made it
      }
    }
    void this.flush();
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush().catch((error: unknown) => this.fail(error)), DELAY);
  }

  /** There is no room, perhaps: said once, and tried again with the next change. */
  private fail(error: unknown): void {
    for (const id of this.pending) this.written.delete(id);
    if (!this.hasFailed) this.onFailure(error instanceof Error ? error.message : String(error));
    this.hasFailed = true;
  }

  private async version(tab: Tab): Promise<void> {
    const last = this.versions.get(tab.id);
    const now = Date.now();
    if (!hasChanged(tab) || (last !== undefined && now - last < BETWEEN_VERSIONS)) return;
    this.versions.set(tab.id, now);
    await this.journal.keep({
      doc: tab.id,
      time: now,
      label: tab.history.past.at(-1)?.label ?? "",
      text: workflowText(tab.doc),
    });
  }

  private async restore(): Promise<void> {
    const found: Tab[] = [];
    const beside = takeBeside();
    const all = new Map([...(await this.journal.all("open")), ...beside].map((kept) => [kept.id, kept]));
    for (const kept of all.values()) {
      if (kept.isOpen && (await hold(kept.id))) found.push(tabOf(kept));
    }
    await Promise.all(beside.map((kept) => this.journal.put(kept)));
    for (const kept of beside) localStorage.removeItem(BESIDE + kept.id);
    for (const tab of found) this.written.set(tab.id, tab);
    restoreTabs(found, sessionStorage.getItem(ACTIVE) ?? "");
    void this.journal.prune().catch(() => {}); // another time
  }
}

/** What was written beside the database when a page went away. */
function takeBeside(): Kept[] {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(BESIDE));
  return keys.flatMap((key) => {
    try {
      const { text, ...rest } = JSON.parse(localStorage.getItem(key) ?? "") as Omit<Kept, "doc"> & { text: string };
      return [{ ...rest, doc: parseWorkflow(text, key) }];
    } catch {
      return [];
    }
  });
}

function keptOf(tab: Tab, isOpen: boolean, position: number): Kept {
  const { id, doc, path, saved } = tab;
  return { id, doc, path, saved, isChanged: hasChanged(tab), isOpen, position, touched: Date.now() };
}

function tabOf(kept: Kept): Tab {
  const savedDoc = kept.isChanged ? UNKNOWN : kept.doc;
  const { id, doc, path, saved } = kept;
  const empty = { nodes: NOTHING, links: NOTHING, history: emptyHistory<Tab["doc"]>(), savedAt: null };
  return { id, doc, path, saved, savedDoc, ...empty };
}

/** Stands for a saved document that is not the one at hand. */
const UNKNOWN: Tab["doc"] = { format: "graphengine.workflow", version: 1 };

const held = new Set<string>();

/** Holds a document for this window until it is closed; returns false where another window has it. */
function hold(id: string): Promise<boolean> {
  if (held.has(id) || !navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(`document ${id}`, { ifAvailable: true }, (lock) => {
      if (!lock) return resolve(false);
      held.add(id);
      resolve(true);
      return new Promise(() => {}); // until the window is gone
    });
  });
}
