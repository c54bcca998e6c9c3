/** Opening and saving: files of this machine, and the service's library. */

import { Refused } from "~/api/http";
import { service } from "~/api/service";
import { layOut } from "~/canvas/layout";
import { shownView } from "~/canvas/state";
import { finder } from "~/catalog/store";
import { addNode, setValue } from "~/doc/edit";
import { NoWorkflow, workflowText } from "~/doc/file";
import { useKeeper } from "~/doc/keeping";
import { linksOf, type Point, type Workflow } from "~/doc/model";
import { fileOf, loaderOf } from "~/doc/pictures";
import { activeTab, edit, markSaved, openTab, placeOfTab, select, showTab, titleOf, useTabs } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { openDialog } from "~/ui/dialogs";
import { complain, say } from "~/ui/notices";
import { workflowIn } from "./carried";

/** Opens a document in a new tab, and lays it out where it has no places. */
export function openDocument(doc: Workflow, more: Parameters<typeof openTab>[1] = {}): void {
  openTab(doc, more);
  const names = Object.keys(doc.nodes ?? {});
  const placed = names.filter((name) => doc.view?.nodes?.[name]);
  if (names.length > 1 && placed.length === 0 && [...linksOf(doc)].length > 0) void layOut();
}

export interface Drop {
  /** Where pictures go: a place on the canvas. */
  at: Point;
  /** The node that is under the hand: one that loads a picture takes the file. */
  node?: string | null;
  /** Whether a picture is wanted even where it carries a workflow. */
  asPicture?: boolean;
}

/**
 * A dropped or chosen workflow always opens a tab of its own; any other picture becomes a node that loads it. What
 * falls on a node that loads a picture is meant for that, whatever it carries.
 */
export async function openFiles(files: Iterable<File>, drop?: Drop): Promise<void> {
  let count = 0;
  const asPicture = drop !== undefined && (drop.asPicture || loads(drop.node));
  for (const file of files) {
    const isPicture = file.type.startsWith("image/") || PICTURE.test(file.name);
    try {
      if (asPicture && isPicture) await addPicture(file, drop, count++);
      else openDocument(await workflowIn(file, file.name));
    } catch (error) {
      if (isPicture && error instanceof NoWorkflow) await addPicture(file, drop, count++).catch(complain);
      else complain(error);
    }
  }
}

function loads(node: string | null | undefined): boolean {
  const tab = activeTab();
  return node != null && fileOf(finder(), tab.doc, placeOfTab(tab).part, node) !== null;
}

const PICTURE = /\.(png|jpe?g|webp|gif|bmp|tiff?)$/i;
const APART = 40;

/** Uploads a picture, and gives it to the node under the hand, or to a new one. */
async function addPicture(file: File, drop: Drop | undefined, count: number): Promise<void> {
  const { reference } = await service.upload(file);
  const tab = activeTab();
  const known = drop?.node ? fileOf(finder(), tab.doc, placeOfTab(tab).part, drop.node) : null;
  const loader = loaderOf(finder());
  if (drop?.node && known) {
    const target = { node: drop.node, name: known.input };
    return edit(t("did.picture"), (part) => setValue(part, target, reference));
  }
  if (!loader) return say(t("says.noLoader"), "problem");
  const at = drop?.at ?? shownView()?.middle() ?? { x: 0, y: 0 };
  let name = "";
  edit(t("did.addPicture"), (part) => {
    const node = { type: loader.type, inputs: { [loader.input]: reference } };
    name = addNode(part, node, { x: at.x + count * APART, y: at.y + count * APART });
  });
  select([name]);
}

export function chooseFiles(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.accept = ".json,image/*,video/*,.exr,.glb";
  input.onchange = () => void openFiles(input.files ?? []);
  input.click();
}

export async function reopenTab(): Promise<void> {
  if (!(await useKeeper.getState().keeper?.reopen())) say(t("says.noTab"));
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
    say(t("says.saved", { name, version }));
    return true;
  } catch (error) {
    if (error instanceof Refused && error.code === "conflict") openDialog({ kind: "conflict", tab: id, name });
    else complain(error);
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
    complain(error);
  }
}
