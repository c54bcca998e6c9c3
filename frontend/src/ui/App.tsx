import { lazy, Suspense } from "react";
import { useMode } from "~/app/address";
import { Canvas } from "~/canvas/Canvas";
import { Palette } from "~/canvas/Palette";
import { useBase } from "~/doc/comparing";
import { Dock } from "~/panels/Dock";
import { Inspector } from "~/panels/Inspector";
import { ContextMenu } from "./ContextMenu";
import { Dialogs } from "./Dialogs";
import { useLayout } from "./layout";
import { Notices } from "./NoticeList";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";

const Difference = lazy(() => import("~/panels/Difference"));
const AppView = lazy(() => import("~/app/AppView"));

export function App() {
  const isApp = useMode((state) => state.isApp);
  return isApp ? (
    <>
      <Suspense>
        <AppView />
      </Suspense>
      <Dialogs />
      <Notices />
    </>
  ) : (
    <Workshop />
  );
}

function Workshop() {
  const { inspector, dock } = useLayout();
  const isComparing = useBase() !== undefined;
  return (
    <div className="app" data-inspector={inspector} data-dock={dock}>
      <TopBar />
      <Rail />
      <main>
        <Canvas />
      </main>
      {isComparing ? (
        <Suspense>
          <Difference />
        </Suspense>
      ) : (
        inspector && <Inspector />
      )}
      <Dock isOpen={dock} />
      <Palette />
      <ContextMenu />
      <Dialogs />
      <Notices />
    </div>
  );
}
