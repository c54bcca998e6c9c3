/** Opening and saving: files of this machine, and the service's library. */
import { Refused } from "~/api/http";
import { service } from "~/api/service";
import { layOut } from "~/canvas/layout";
import { NoWorkflow, workflowOf, workflowText } from "~/doc/file";
import { linksOf, type Workflow } from "~/doc/model";
import { activeTab, markSaved, openTab, showTab, titleOf, useTabs } from "~/doc/tabs";
import { openDialog } from "~/ui/dialogs";
import { say } from "~/ui/notices";

/** Opens a document in a new tab, and lays it out where it has no places. */
export function openDocument(doc: Workflow, more: Parameters<typeof openTab>[1] = {}): void {
  openTab(doc, more);
  const names = Object.keys(doc.nodes ?? {});
  const placed = names.filter((name) => doc.view?.nodes?.[name]);
  if (names.length > 1 && placed.length === 0 && [...linksOf(doc)].length > 0) void layOut();
}

/** A dropped or chosen file always opens a tab of its own. */
export async function openFiles(files: Iterable<File>): Promise<void> {
  for (const file of files) {
    try {
      openDocument(await workflowOf(file, file.name));
    } catch (error) {
      if (!(error instanceof NoWorkflow)) throw error;
      say(error.message, "problem");
    }
  }
}

export function chooseFiles(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.accept = ".json,.png";
  input.onchange = () => void openFiles(input.files ?? []);
  input.click();
}

export function download(): void {
  const tab = activeTab();
  const url = URL.createObjectURL(new Blob([workflowText(tab.doc)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${titleOf(tab).replace(/[^\p{L}\p{N} ._-]+/gu, "_")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Saves under the name it has; asks for one where it has none. */
export function save(): void {
  const tab = activeTab();
  if (tab.saved) void saveAs(tab.id, tab.saved.name, tab.saved.version);
  else openDialog({ kind: "save", tab: tab.id, name: tab.doc.title ?? "" });
}

/** Saves as the version after `expected`; what somebody else saved meanwhile is shown, never written over. */
export async function saveAs(id: string, name: string, expected: number): Promise<boolean> {
  const tab = useTabs.getState().tabs.find((each) => each.id === id);
  if (!tab) return false;
  try {
    const { version } = await service.save(name, tab.doc, expected);
    markSaved(id, { name, version }, tab.doc);
    say(`Saved “${name}”, version ${version}`);
    return true;
  } catch (error) {
    if (error instanceof Refused && error.code === "conflict") openDialog({ kind: "conflict", tab: id, name });
    else say(error instanceof Error ? error.message : String(error), "problem");
    return false;
  }
}

export async function openSaved(name: string, version?: number): Promise<void> {
  const open = useTabs.getState().tabs.find((tab) => tab.saved?.name === name);
  if (open && version === undefined) return showTab(open.id);
  try {
    const found = await service.workflow(name, version);
    const doc = found.document as unknown as Workflow;
    openDocument(doc, { saved: { name, version: found.version }, savedDoc: doc });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "problem");
  }
}
