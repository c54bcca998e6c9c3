/** Going to where something is. */
import { type Address, type Path, placeOf, takersOf } from "~/doc/model";
import { activeTab, goTo, placeOfTab, select, type Tab } from "~/doc/tabs";
import { nodeOf } from "~/run/jobs";
import { shownView } from "./state";

/** Selects a node of the part that is looked at, and moves as far as it is seen. */
export function goToNode(name: string): void {
  select([name]);
  shownView()?.reveal(name);
}

/** Selects the nodes that take what an output gives. */
export function selectTakers(source: Address): void {
  select(takersOf(placeOfTab(activeTab()).part, source));
}

/** Goes to where a node is, and selects it. */
export function show(tab: Tab, path: Path, name: string): void {
  if (path.join("/") !== tab.path.join("/")) goTo(path);
  select([name]);
  setTimeout(() => shownView()?.fit([name]), 50); // once the canvas shows that place
}

/** Goes to the node of a task, which may be inside of subgraphs; nowhere, where that is in the document no longer. */
export function goToTask(task: string): void {
  const tab = activeTab();
  const path = nodeOf(task).split("/");
  const name = path.pop() ?? task;
  const place = placeOf(tab.doc, path);
  if (place.path.length < path.length || !place.part.nodes?.[name]) return;
  if (path.join("/") === tab.path.join("/")) goToNode(name);
  else show(tab, path, name);
}
