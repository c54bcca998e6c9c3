/** What differs from the document that this one is compared with, on the canvas: frames around nodes, and ghosts. */
import { ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";
import { useCatalog } from "~/catalog/store";
import { type Base, useBase, useDifferences } from "~/doc/comparing";
import { byNode, type Mark } from "~/doc/marks";
import { type Node, type Part, positionOf, type Workflow } from "~/doc/model";
import { placeOfTab, useTab } from "~/doc/tabs";
import { WIDTH } from "./geometry";
import { type Rect, rectWith } from "./measure";
import { useCanvas } from "./state";

const SIGNS: Record<Mark, string> = { added: "+", removed: "−", changed: "~" };

export function Marks() {
  const base = useBase();
  return base ? <Shown base={base} /> : null;
}

function Shown({ base }: { base: Base }) {
  const parts = useDifferences();
  const subgraph = useTab((tab) => placeOfTab(tab).subgraph);
  const found = useMemo(() => {
    const part = parts.find((each) => each.subgraph === subgraph);
    return part ? byNode(part) : [];
  }, [parts, subgraph]);
  const old = subgraph === null ? base.doc : base.doc.subgraphs?.[subgraph];
  return (
    <ViewportPortal>
      {found.map(({ node, mark }) =>
        mark === "removed" ? (
          <Ghost key={`gone ${node}`} name={node} part={old ?? {}} doc={base.doc} />
        ) : (
          <Around key={node} name={node} mark={mark} />
        ),
      )}
    </ViewportPortal>
  );
}

const Around = memo(({ name, mark }: { name: string; mark: Mark }) => {
  const finder = useCatalog((state) => state.finder);
  const doc = useTab((tab) => tab.doc);
  const part = useTab((tab) => placeOfTab(tab).part);
  const height = useCanvas((state) => state.sizes.get(name)?.height);
  const at = useCanvas((state) => state.dragged.get(name));
  const rect = useMemo(() => rectWith(part, doc, finder, name, height), [part, doc, finder, height, name]);
  return rect && <Box rect={{ ...rect, ...at }} mark={mark} />;
});

/** Where a node was that is no more. */
function Ghost({ name, part, doc }: { name: string; part: Part; doc: Workflow }) {
  const finder = useCatalog((state) => state.finder);
  const rect = rectWith(part, doc, finder, name) ?? { ...positionOf(part, name), width: WIDTH, height: 60 };
  const node: Node | undefined = part.nodes?.[name];
  const title = node?.title || finder.of(node?.type ?? "", doc)?.title || name;
  return <Box rect={rect} mark="removed" title={title} />;
}

const AROUND = 5;

function Box({ rect: { x, y, width, height }, mark, title }: { rect: Rect; mark: Mark; title?: string }) {
  const style = {
    transform: `translate(${x - AROUND}px, ${y - AROUND}px)`,
    width: width + 2 * AROUND,
    height: height + 2 * AROUND,
  };
  return (
    <div className={`diff-mark is-${mark}`} style={style} aria-hidden>
      <i>{SIGNS[mark]}</i>
      {title && <b>{title}</b>}
    </div>
  );
}
