import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@xyflow/react/dist/base.css";
import "./ui/tokens.css";
import "./ui/shell.css";
import "./canvas/canvas.css";
import "./widgets/widgets.css";
import "./panels/panels.css";
import "./viewers/viewers.css";
import { Refused } from "./api/http";
import { watchAddress } from "./app/address";
import { loadCatalog } from "./catalog/store";
import { listenToClipboard } from "./commands/clipboard";
import { openSaved } from "./commands/files";
import { listenToKeys } from "./commands/keys";
import { Keeper } from "./doc/keeping";
import { t, takeLanguage } from "./i18n/language";
import { failureOf, watchNews } from "./run/announce";
import { Feed } from "./run/feed";
import { planSoon, watchPlans } from "./run/plan";
import { useRuns } from "./run/store";
import { App } from "./ui/App";
import { openDialog } from "./ui/dialogs";
import { listenToDrops } from "./ui/drops";
import { watchTheme } from "./ui/layout";
import { say } from "./ui/notices";

async function start(): Promise<void> {
  watchTheme();
  document.documentElement.lang = await takeLanguage(navigator.languages);
  const loses = () => say(t("says.keepsNothing"), "problem");
  await Keeper.start(loses).catch(loses);
  listenToKeys();
  listenToClipboard();
  listenToDrops();
  watchAddress((name) => void openSaved(name));
  createRoot(document.getElementById("root") as HTMLElement).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  const feed = new Feed((job) => {
    if (job.state === "failed" && job.failure) say(failureOf(job), "problem");
    planSoon();
  });
  const catalog = () => loadCatalog().catch((error: unknown) => error);
  useRuns.subscribe((now, before) => {
    if (now.link === "open" && before.link !== "open") void catalog().then(() => planSoon(0)); // another service, perhaps
  });
  const fault = await catalog();
  if (fault instanceof Refused && fault.status === 401) return openDialog({ kind: "login" });
  feed.start();
  watchNews();
  watchPlans();
}

void start();
