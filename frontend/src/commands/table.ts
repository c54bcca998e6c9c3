/** Every command, once: the palette of commands, the menus, the shortcuts and the cheat sheet are made from this. */

import { service } from "~/api/service";
import { showApp } from "~/app/address";
import { layOut } from "~/canvas/layout";
import { shownView, usePicker } from "~/canvas/state";
import { activeTab, closeTab, goTo, newTab, redoEdit, showTab, undoEdit, useTabs } from "~/doc/tabs";
import { openJobs, useRuns } from "~/run/store";
import { run } from "~/run/submit";
import { openDialog } from "~/ui/dialogs";
import { nextTheme, useLayout } from "~/ui/layout";
import { say } from "~/ui/notices";
import {
  duplicate,
  enterSelected,
  frameSelected,
  isSubgraphSelected,
  makeSubgraphOfSelected,
  removeSelected,
  selectAll,
  toggleCollapsed,
  toggleMode,
  unpackSelected,
} from "./actions";
import { chooseFiles, download, reopenTab, save } from "./files";
import { addFrom, align, distribute, editFirstField, stepNode } from "./placing";

export type Group = "File" | "Edit" | "Nodes" | "View" | "Run";

export interface Command {
  id: string;
  title: string;
  group: Group;
  /** `Mod` is Ctrl, or ⌘ on a Mac. The first is shown. */
  keys?: readonly string[];
  /** Whether it works while somebody types. */
  whileTyping?: boolean;
  /** Whether it has something to work on. */
  can?(): boolean;
  run(): void;
}

const hasNodes = () => activeTab().nodes.size > 0;
const hasSelection = () => hasNodes() || activeTab().links.size > 0;

function step(by: number): void {
  const { tabs, active } = useTabs.getState();
  const at = tabs.findIndex((tab) => tab.id === active);
  const next = tabs[(at + by + tabs.length) % tabs.length];
  if (next) showTab(next.id);
}

function cancelNewest(): void {
  const job = openJobs(useRuns.getState().jobs)[0];
  if (job) void service.cancel(job.id).then(() => say("Cancelled"));
}

export const COMMANDS: readonly Command[] = [
  { id: "run", title: "Run", group: "Run", keys: ["Mod+Enter"], whileTyping: true, run: () => void run() },
  {
    id: "run-selection",
    title: "Run up to the selection",
    group: "Run",
    keys: ["Mod+Shift+Enter"],
    whileTyping: true,
    can: hasNodes,
    run: () => void run([...activeTab().nodes].map((name) => [...activeTab().path, name].join("/"))),
  },
  {
    id: "cancel",
    title: "Cancel what runs",
    group: "Run",
    keys: ["Mod+Alt+Enter"],
    can: () => openJobs(useRuns.getState().jobs).length > 0,
    run: cancelNewest,
  },

  { id: "sweep", title: "Sweep…", group: "Run", keys: ["X"], run: () => openDialog({ kind: "sweep", target: null }) },

  { id: "new", title: "New", group: "File", keys: ["Alt+N"], run: newTab },
  { id: "open", title: "Open a file…", group: "File", keys: ["Mod+O"], run: chooseFiles },
  { id: "library", title: "Library…", group: "File", keys: ["L"], run: () => openDialog({ kind: "library" }) },
  { id: "templates", title: "Templates…", group: "File", keys: ["T"], run: () => openDialog({ kind: "templates" }) },
  { id: "versions", title: "Versions…", group: "File", keys: ["H"], run: () => openDialog({ kind: "versions" }) },
  {
    id: "compare",
    title: "Compare with…",
    group: "File",
    keys: ["Shift+D"],
    run: () => openDialog({ kind: "compare" }),
  },
  { id: "save", title: "Save", group: "File", keys: ["Mod+S"], whileTyping: true, run: save },
  {
    id: "save-as",
    title: "Save as…",
    group: "File",
    keys: ["Mod+Shift+S"],
    whileTyping: true,
    run: () => openDialog({ kind: "save", tab: activeTab().id, name: activeTab().saved?.name ?? "" }),
  },
  { id: "download", title: "Download as JSON", group: "File", run: download },
  {
    id: "logout",
    title: "Log out",
    group: "File",
    run: () => void service.logout().then(() => location.reload()),
  },
  {
    id: "close",
    title: "Close the tab",
    group: "File",
    keys: ["Alt+W"],
    whileTyping: true,
    run: () => closeTab(activeTab().id),
  },
  {
    id: "reopen",
    title: "Open the closed tab again",
    group: "File",
    keys: ["Alt+Shift+W"],
    whileTyping: true,
    run: () => void reopenTab(),
  },
  { id: "next-tab", title: "Next tab", group: "File", keys: ["Alt+ArrowRight"], run: () => step(1) },
  { id: "previous-tab", title: "Previous tab", group: "File", keys: ["Alt+ArrowLeft"], run: () => step(-1) },

  {
    id: "undo",
    title: "Undo",
    group: "Edit",
    keys: ["Mod+Z"],
    can: () => activeTab().history.past.length > 0,
    run: undoEdit,
  },
  {
    id: "redo",
    title: "Redo",
    group: "Edit",
    keys: ["Mod+Shift+Z", "Mod+Y"],
    can: () => activeTab().history.future.length > 0,
    run: redoEdit,
  },
  { id: "duplicate", title: "Duplicate", group: "Edit", keys: ["Mod+D"], can: hasNodes, run: duplicate },
  { id: "select-all", title: "Select all", group: "Edit", keys: ["Mod+A"], run: selectAll },
  {
    id: "delete",
    title: "Delete and re-join",
    group: "Edit",
    keys: ["Delete", "Backspace"],
    can: hasSelection,
    run: () => removeSelected(true),
  },
  {
    id: "delete-apart",
    title: "Delete with links",
    group: "Edit",
    keys: ["Shift+Delete"],
    can: hasSelection,
    run: () => removeSelected(false),
  },

  { id: "add", title: "Add a node", group: "Nodes", keys: ["Space", "Tab", "Shift+A"], run: addFrom },
  { id: "bypass", title: "Bypass", group: "Nodes", keys: ["B"], can: hasNodes, run: () => toggleMode("bypass") },
  { id: "mute", title: "Mute", group: "Nodes", keys: ["M"], can: hasNodes, run: () => toggleMode("mute") },
  { id: "fold", title: "Fold", group: "Nodes", keys: ["C"], can: hasNodes, run: toggleCollapsed },
  {
    id: "enter",
    title: "Enter the subgraph, or the first field",
    group: "Nodes",
    keys: ["Enter"],
    can: hasNodes,
    run: () => void (enterSelected() || editFirstField()),
  },
  {
    id: "connect",
    title: "Connect…",
    group: "Nodes",
    keys: ["K"],
    can: hasNodes,
    run: () => usePicker.setState({ kind: "connect" }),
  },
  { id: "next-node", title: "Next node", group: "Nodes", keys: ["]"], run: () => stepNode(1) },
  { id: "previous-node", title: "Previous node", group: "Nodes", keys: ["["], run: () => stepNode(-1) },
  { id: "align-left", title: "Align left edges", group: "Nodes", can: hasNodes, run: () => align("x") },
  { id: "align-top", title: "Align top edges", group: "Nodes", can: hasNodes, run: () => align("y") },
  { id: "distribute-across", title: "Distribute across", group: "Nodes", can: hasNodes, run: () => distribute("x") },
  { id: "distribute-down", title: "Distribute down", group: "Nodes", can: hasNodes, run: () => distribute("y") },
  { id: "frame", title: "Frame the selection", group: "Nodes", keys: ["Mod+G"], can: hasNodes, run: frameSelected },
  {
    id: "subgraph",
    title: "Make a subgraph",
    group: "Nodes",
    keys: ["Mod+Shift+G"],
    can: hasNodes,
    run: makeSubgraphOfSelected,
  },
  {
    id: "unpack",
    title: "Unpack the subgraph",
    group: "Nodes",
    keys: ["Shift+U"],
    can: isSubgraphSelected,
    run: unpackSelected,
  },
  {
    id: "leave",
    title: "Leave the subgraph",
    group: "Nodes",
    keys: ["Mod+ArrowUp"],
    can: () => activeTab().path.length > 0,
    run: () => goTo(activeTab().path.slice(0, -1)),
  },

  {
    id: "commands",
    title: "Commands",
    group: "View",
    keys: ["Mod+K"],
    whileTyping: true,
    run: () => openDialog({ kind: "commands" }),
  },
  { id: "keys", title: "Keys", group: "View", keys: ["?"], run: () => openDialog({ kind: "keys" }) },
  {
    id: "focus",
    title: "Look at the selection",
    group: "View",
    keys: ["F"],
    run: () => shownView()?.fit(hasNodes() ? [...activeTab().nodes] : undefined),
  },
  {
    id: "find",
    title: "Find a node…",
    group: "View",
    keys: ["Mod+F"],
    whileTyping: true,
    run: () => usePicker.setState({ kind: "find" }),
  },
  { id: "fit", title: "Look at everything", group: "View", keys: ["Home"], run: () => shownView()?.fit() },
  { id: "zoom-in", title: "Zoom in", group: "View", keys: ["+", "="], run: () => shownView()?.zoom(1.25) },
  { id: "zoom-out", title: "Zoom out", group: "View", keys: ["-"], run: () => shownView()?.zoom(0.8) },
  { id: "zoom-actual", title: "Zoom to 100 %", group: "View", keys: ["1"], run: () => shownView()?.zoom("actual") },
  { id: "layout", title: "Lay out", group: "View", keys: ["Shift+L"], run: () => void layOut() },
  {
    id: "inspector",
    title: "Inspector",
    group: "View",
    keys: ["N"],
    run: () => useLayout.setState(({ inspector }) => ({ inspector: !inspector })),
  },
  {
    id: "dock",
    title: "Queue and results",
    group: "View",
    keys: ["Q"],
    run: () => useLayout.setState(({ dock }) => ({ dock: !dock })),
  },
  { id: "app", title: "As an app", group: "View", keys: ["A"], run: () => showApp(activeTab().saved?.name ?? null) },
  {
    id: "theme",
    title: "Dark, light, or as the system",
    group: "View",
    run: () => useLayout.setState(({ theme }) => ({ theme: nextTheme[theme] })),
  },
];

export function command(id: string): Command | undefined {
  return COMMANDS.find((each) => each.id === id);
}
