/** Tabs, where one is, whether it is saved, and the one button that runs. */

import { ChevronRight, Menu, Play, Plus, X } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useEffect, useState } from "react";
import { showApp } from "~/app/address";
import { duration } from "~/canvas/status";
import { keysOf } from "~/commands/bindings";
import { shownKeys } from "~/commands/keyname";
import { COMMANDS, GROUPS, type Group, groupTitle, titleNow } from "~/commands/table";
import { useKeysOf } from "~/commands/useKeys";
import { subgraphIn } from "~/doc/model";
import { activeTab, closeTab, goTo, hasChanged, newTab, showTab, type Tab, titleOf, useTab, useTabs } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { totals, usePlans } from "~/run/plan";
import { useRuns } from "~/run/store";
import { run } from "~/run/submit";
import { openDialog } from "./dialogs";
import { PageTitle } from "./PageTitle";

export function TopBar() {
  return (
    <header className="top">
      <PageTitle />
      <span className="mark" aria-hidden>
        ◆
      </span>
      <TabList />
      <Crumbs />
      <span className="gap" />
      <SavedWord />
      <button type="button" className="plain" onClick={() => openDialog({ kind: "commands" })}>
        {useKeysOf("commands")}
      </button>
      <button
        type="button"
        className="plain"
        title={t("top.appHint")}
        onClick={() => showApp(activeTab().saved?.name ?? null)}
      >
        {t("top.app")}
      </button>
      <RunButton />
      <MainMenu />
    </header>
  );
}

function TabList() {
  const tabs = useTabs((state) => state.tabs);
  const active = useTabs((state) => state.active);
  return (
    <nav className="tabs" aria-label={t("top.tabs")}>
      {tabs.map((tab) => (
        <TabView key={tab.id} tab={tab} isActive={tab.id === active} />
      ))}
      <button type="button" className="icon" aria-label={t("top.new")} title={t("top.new")} onClick={newTab}>
        <Plus size={15} />
      </button>
    </nav>
  );
}

function TabView({ tab, isActive }: { tab: Tab; isActive: boolean }) {
  const title = titleOf(tab);
  return (
    <span className="tab" data-active={isActive}>
      <button
        type="button"
        aria-current={isActive ? "page" : undefined}
        onClick={() => showTab(tab.id)}
        onAuxClick={(event) => event.button === 1 && closeTab(tab.id)}
      >
        {title}
        {hasChanged(tab) && <i className="changed" title={t("top.notSaved")} />}
      </button>
      <button
        type="button"
        className="icon close"
        aria-label={t("top.close", { title })}
        onClick={() => closeTab(tab.id)}
      >
        <X size={12} />
      </button>
    </span>
  );
}

function Crumbs() {
  const path = useTab((tab) => tab.path);
  const doc = useTab((tab) => tab.doc);
  if (path.length === 0) return null;
  let part: { nodes?: typeof doc.nodes } = doc;
  const titles = path.map((name) => {
    const node = part.nodes?.[name];
    const subgraph = doc.subgraphs?.[subgraphIn(node?.type) ?? ""];
    part = subgraph ?? {};
    return node?.title || subgraph?.title || name;
  });
  return (
    <nav className="crumbs" aria-label={t("top.where")}>
      <button type="button" onClick={() => goTo([])}>
        {t("top.main")}
      </button>
      {titles.map((title, index) => (
        <span key={path.slice(0, index + 1).join("/")}>
          <ChevronRight size={11} aria-hidden />
          <button type="button" onClick={() => goTo(path.slice(0, index + 1))}>
            {title}
          </button>
        </span>
      ))}
    </nav>
  );
}

function SavedWord() {
  const savedAt = useTab((tab) => tab.savedAt);
  const isChanged = useTab(hasChanged);
  const link = useRuns((state) => state.link);
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 10_000);
    return () => clearInterval(timer);
  }, []);
  if (link === "lost") return <span className="quiet-word lost">{t("top.lost")}</span>;
  const word = savedAt === null ? (isChanged ? t("top.kept") : "") : isChanged ? t("top.changed") : ago(savedAt);
  return <span className="quiet-word">{word}</span>;
}

function ago(time: number): string {
  const seconds = (Date.now() - time) / 1_000;
  return seconds < 5 ? t("top.savedNow") : t("top.savedAgo", { time: duration(seconds) });
}

function RunButton() {
  const id = useTab((tab) => tab.id);
  const planned = usePlans((state) => state.plans[id]);
  const keys = useKeysOf("run");
  return (
    <button type="button" className="run" onClick={() => void run()} title={keys}>
      <Play size={12} fill="currentColor" aria-hidden /> {t("top.run")} <small>{wordOf(planned)}</small>
    </button>
  );
}

function wordOf(planned: ReturnType<typeof usePlans.getState>["plans"][string] | undefined): string {
  if (!planned || Object.keys(planned.doc.nodes ?? {}).length === 0) return "";
  const count = planned.plan.problems?.length ?? 0;
  if (!planned.plan.valid) return t("top.problems", { count });
  const { runs, all, seconds } = totals(planned.plan);
  if (runs === 0) return t("top.allCached");
  return t("top.runs", { runs, all, count: all, time: seconds >= 0.05 ? ` · ~${duration(seconds)}` : "" });
}

function MainMenu() {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <button type="button" className="icon" aria-label={t("top.menu")}>
          <Menu size={16} />
        </button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Content className="menu" align="end" sideOffset={6}>
        {GROUPS.map((group) => (
          <DropdownMenu.Sub key={group}>
            <DropdownMenu.SubTrigger className="menu-item">
              {groupTitle(group)} <ChevronRight size={12} aria-hidden />
            </DropdownMenu.SubTrigger>
            <DropdownMenu.SubContent className="menu">
              <Commands group={group} />
            </DropdownMenu.SubContent>
          </DropdownMenu.Sub>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}

/** Made when the menu opens: what can be done is another thing each time. */
function Commands({ group }: { group: Group }) {
  return COMMANDS.filter((each) => each.group === group).map((each) => (
    <DropdownMenu.Item
      key={each.id}
      className="menu-item"
      disabled={each.can?.() === false}
      onSelect={() => each.run()}
    >
      {titleNow(each)}
      <kbd>{shownKeys(keysOf(each)[0] ?? "")}</kbd>
    </DropdownMenu.Item>
  ));
}
