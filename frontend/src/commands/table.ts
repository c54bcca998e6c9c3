/** Every command, once: the palette of commands, the menus, the shortcuts and the cheat sheet are made from this. */

import { service } from "~/api/service";
import { showApp } from "~/app/address";
import { layOut } from "~/canvas/layout";
import { shownView, usePicker } from "~/canvas/state";
import { activeTab, closeTab, goTo, newTab, redoEdit, showTab, undoEdit, useTabs } from "~/doc/tabs";
import { t } from "~/i18n/language";
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
import { addFrom, align, distribute, editFirstField, openMenuOfSelection, stepNode } from "./placing";

export const GROUPS = ["file", "edit", "nodes", "view", "run"] as const;
export type Group = (typeof GROUPS)[number];

export interface Command {
  /** Its title is a word of the language, `commands.ID`. */
  id: string;
  group: Group;
  /** As they are at first; `Mod` is Ctrl, or ⌘ on a Mac. The first is shown. */
  keys?: readonly string[];
  /** Whether it works while somebody types. */
  whileTyping?: boolean;
  /** Whether it has something to work on. */
  can?(): boolean;
  /** What it would work on, in the words of the reader. */
  what?(): string | undefined;
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
  if (job) void service.cancel(job.id).then(() => say(t("says.cancelled")));
}

export const COMMANDS: readonly Command[] = [
  { id: "run", group: "run", keys: ["Mod+Enter"], whileTyping: true, run: () => void run() },
  {
    id: "run-selection",
    group: "run",
    keys: ["Mod+Shift+Enter"],
    whileTyping: true,
    can: hasNodes,
    run: () => void run([...activeTab().nodes].map((name) => [...activeTab().path, name].join("/"))),
  },
  {
    id: "cancel",
    group: "run",
    keys: ["Mod+Alt+Enter"],
    can: () => openJobs(useRuns.getState().jobs).length > 0,
    run: cancelNewest,
  },

  { id: "sweep", group: "run", keys: ["X"], run: () => openDialog({ kind: "sweep", target: null }) },

  { id: "new", group: "file", keys: ["Alt+N"], run: newTab },
  { id: "open", group: "file", keys: ["Mod+O"], run: chooseFiles },
  { id: "library", group: "file", keys: ["L"], run: () => openDialog({ kind: "library" }) },
  { id: "templates", group: "file", keys: ["T"], run: () => openDialog({ kind: "templates" }) },
  { id: "versions", group: "file", keys: ["H"], run: () => openDialog({ kind: "versions" }) },
  {
    id: "compare",
    group: "file",
    keys: ["Shift+D"],
    run: () => openDialog({ kind: "compare" }),
  },
  { id: "save", group: "file", keys: ["Mod+S"], whileTyping: true, run: save },
  {
    id: "save-as",
    group: "file",
    keys: ["Mod+Shift+S"],
    whileTyping: true,
    run: () => openDialog({ kind: "save", tab: activeTab().id, name: activeTab().saved?.name ?? "" }),
  },
  { id: "download", group: "file", run: download },
  {
    id: "logout",
    group: "file",
    run: () => void service.logout().then(() => location.reload()),
  },
  {
    id: "close",
    group: "file",
    keys: ["Alt+W"],
    whileTyping: true,
    run: () => closeTab(activeTab().id),
  },
  {
    id: "reopen",
    group: "file",
    keys: ["Alt+Shift+W"],
    whileTyping: true,
    run: () => void reopenTab(),
  },
  { id: "next-tab", group: "file", keys: ["Alt+ArrowRight"], run: () => step(1) },
  { id: "previous-tab", group: "file", keys: ["Alt+ArrowLeft"], run: () => step(-1) },

  {
    id: "undo",
    group: "edit",
    keys: ["Mod+Z"],
    can: () => activeTab().history.past.length > 0,
    what: () => activeTab().history.past.at(-1)?.label,
    run: undoEdit,
  },
  {
    id: "redo",
    group: "edit",
    keys: ["Mod+Shift+Z", "Mod+Y"],
    can: () => activeTab().history.future.length > 0,
    what: () => activeTab().history.future.at(-1)?.label,
    run: redoEdit,
  },
  { id: "duplicate", group: "edit", keys: ["Mod+D"], can: hasNodes, run: duplicate },
  { id: "select-all", group: "edit", keys: ["Mod+A"], run: selectAll },
  {
    id: "delete",
    group: "edit",
    keys: ["Delete", "Backspace"],
    can: hasSelection,
    run: () => removeSelected(true),
  },
  {
    id: "delete-apart",
    group: "edit",
    keys: ["Shift+Delete"],
    can: hasSelection,
    run: () => removeSelected(false),
  },

  { id: "add", group: "nodes", keys: ["Space", "Tab", "Shift+A"], run: addFrom },
  { id: "bypass", group: "nodes", keys: ["B"], can: hasNodes, run: () => toggleMode("bypass") },
  { id: "mute", group: "nodes", keys: ["M"], can: hasNodes, run: () => toggleMode("mute") },
  { id: "fold", group: "nodes", keys: ["C"], can: hasNodes, run: toggleCollapsed },
  {
    id: "enter",
    group: "nodes",
    keys: ["Enter"],
    can: hasNodes,
    run: () => void (enterSelected() || editFirstField()),
  },
  {
    id: "connect",
    group: "nodes",
    keys: ["K"],
    can: hasNodes,
    run: () => usePicker.setState({ kind: "connect" }),
  },
  { id: "next-node", group: "nodes", keys: ["]"], run: () => stepNode(1) },
  { id: "previous-node", group: "nodes", keys: ["["], run: () => stepNode(-1) },
  { id: "align-left", group: "nodes", can: hasNodes, run: () => align("x") },
  { id: "align-top", group: "nodes", can: hasNodes, run: () => align("y") },
  { id: "distribute-across", group: "nodes", can: hasNodes, run: () => distribute("x") },
  { id: "distribute-down", group: "nodes", can: hasNodes, run: () => distribute("y") },
  { id: "frame", group: "nodes", keys: ["Mod+G"], can: hasNodes, run: frameSelected },
  {
    id: "subgraph",
    group: "nodes",
    keys: ["Mod+Shift+G"],
    can: hasNodes,
    run: makeSubgraphOfSelected,
  },
  {
    id: "unpack",
    group: "nodes",
    keys: ["Shift+U"],
    can: isSubgraphSelected,
    run: unpackSelected,
  },
  {
    id: "leave",
    group: "nodes",
    keys: ["Mod+ArrowUp"],
    can: () => activeTab().path.length > 0,
    run: () => goTo(activeTab().path.slice(0, -1)),
  },

  {
    id: "commands",
    group: "view",
    keys: ["Mod+K"],
    whileTyping: true,
    run: () => openDialog({ kind: "commands" }),
  },
  { id: "keys", group: "view", keys: ["?"], run: () => openDialog({ kind: "keys" }) },
  {
    id: "focus",
    group: "view",
    keys: ["F"],
    run: () => shownView()?.fit(hasNodes() ? [...activeTab().nodes] : undefined),
  },
  {
    id: "find",
    group: "view",
    keys: ["Mod+F"],
    whileTyping: true,
    run: () => usePicker.setState({ kind: "find" }),
  },
  { id: "menu", group: "edit", keys: ["Shift+F10", "ContextMenu"], run: openMenuOfSelection },
  { id: "fit", group: "view", keys: ["Home"], run: () => shownView()?.fit() },
  { id: "zoom-in", group: "view", keys: ["+", "="], run: () => shownView()?.zoom(1.25) },
  { id: "zoom-out", group: "view", keys: ["-"], run: () => shownView()?.zoom(0.8) },
  { id: "zoom-actual", group: "view", keys: ["1"], run: () => shownView()?.zoom("actual") },
  { id: "layout", group: "view", keys: ["Shift+L"], run: () => void layOut() },
  {
    id: "inspector",
    group: "view",
    keys: ["N"],
    run: () => useLayout.setState(({ inspector }) => ({ inspector: !inspector })),
  },
  {
    id: "dock",
    group: "view",
    keys: ["Q"],
    run: () => useLayout.setState(({ dock }) => ({ dock: !dock })),
  },
  { id: "app", group: "view", keys: ["A"], run: () => showApp(activeTab().saved?.name ?? null) },
  {
    id: "theme",
    group: "view",
    run: () => useLayout.setState(({ theme }) => ({ theme: nextTheme[theme] })),
  },
];

export function command(id: string): Command | undefined {
  return COMMANDS.find((each) => each.id === id);
}

export const titleOf = (command: Command): string => t(`commands.${command.id}`);

/** The title of a command, and what it would do now: "Undo: Delete". */
export function titleNow(command: Command): string {
  const [title, what] = [titleOf(command), command.what?.()];
  return what ? t("commands.about", { title, what }) : title;
}

export const groupTitle = (group: Group): string => t(`groups.${group}`);
