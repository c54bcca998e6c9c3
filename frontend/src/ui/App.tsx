import { useEffect } from "react";
import { Canvas } from "~/canvas/Canvas";
import { Palette } from "~/canvas/Palette";
import { hasChanged, titleOf, useTab } from "~/doc/tabs";
import { Dock } from "~/panels/Dock";
import { Inspector } from "~/panels/Inspector";
import { shareOf } from "~/run/jobs";
import { openJobs, useRuns } from "~/run/store";
import { Dialogs } from "./Dialogs";
import { useLayout } from "./layout";
import { Notices } from "./NoticeList";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";

export function App() {
  const { inspector, dock } = useLayout();
  return (
    <div className="app" data-inspector={inspector} data-dock={dock}>
      <PageTitle />
      <TopBar />
      <Rail />
      <main>
        <Canvas />
      </main>
      {inspector && <Inspector />}
      <Dock isOpen={dock} />
      <Palette />
      <Dialogs />
      <Notices />
    </div>
  );
}

/** The title of the page says how far the run is, for those who look elsewhere. */
function PageTitle() {
  const title = useTab(titleOf);
  const isChanged = useTab(hasChanged);
  const percent = useRuns((state) => {
    const job = openJobs(state.jobs)[0];
    return job?.state === "running" ? Math.floor(shareOf(job) * 100) : null;
  });
  useEffect(() => {
    document.title = `${percent === null ? "" : `${percent} % · `}${title}${isChanged ? " •" : ""} — graphengine`;
  }, [title, isChanged, percent]);
  return <h1 className="hidden">{title}</h1>;
}
