import { Canvas } from "~/canvas/Canvas";
import { Palette } from "~/canvas/Palette";
import { Dock } from "~/panels/Dock";
import { Inspector } from "~/panels/Inspector";
import { Dialogs } from "./Dialogs";
import { useLayout } from "./layout";
import { Notices } from "./NoticeList";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";

export function App() {
  const { inspector, dock } = useLayout();
  return (
    <div className="app" data-inspector={inspector} data-dock={dock}>
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
