/** What a node shows below its rows: the picture that it works on, what it wrote, or the file that it loads. */

import { Brush } from "lucide-react";
import { memo } from "react";
import { assetUrl, resultUrl } from "~/api/service";
import { useCatalog } from "~/catalog/store";
import { fileOf } from "~/doc/pictures";
import { placeOfTab, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { previewKey, shownJob, taskOf, useRuns } from "~/run/store";
import { openDialog } from "~/ui/dialogs";
import { NodeFile } from "~/viewers/NodeFile";

interface Props {
  doc: string;
  task: string;
  /** Whether a picture stays when the work is done: it is what the node is for, and not a look at work. */
  isKept: boolean;
}

function Pictures({ doc, task, isKept }: Props) {
  const job = useRuns((state) => state.shown[doc] ?? "");
  const pictured = useRuns((state) => state.previews[previewKey(job, task)]);
  const running = useRuns((state) => taskOf(state, doc, task));
  const file = useRuns((state) => shownJob(state, doc)?.files.findLast((each) => each.task === task));
  const source = useSource(task);
  const failure = running?.state === "failed" ? running.failure : undefined;
  const isRunning = running?.state === "running";
  const share = isRunning && running.total ? (running.step ?? 0) / running.total : null;
  const preview = isRunning || isKept ? pictured : undefined;
  if (!preview && !file && !failure && share === null && source === null) return null;
  return (
    <div className="media">
      {share !== null && <progress max={1} value={share} aria-label={t("app.progress")} />}
      {failure && <p className="failure">{failure.message}</p>}
      {preview ? (
        <img src={preview.url} alt={t(isRunning ? "app.working" : "media.preview")} draggable={false} />
      ) : file ? (
        <NodeFile file={file} url={resultUrl(file.digest)} />
      ) : source !== null ? (
        <Source digest={source} node={task.split("/").at(-1) ?? task} />
      ) : null}
    </div>
  );
}

/** The digest of the uploaded picture that a node loads, or null. */
function useSource(task: string): string | null {
  const finder = useCatalog((state) => state.finder);
  const name = task.split("/").at(-1) ?? task;
  return useTab((tab) => fileOf(finder, tab.doc, placeOfTab(tab).part, name)?.digest ?? null);
}

function Source({ digest, node }: { digest: string; node: string }) {
  const isMask = useTab((tab) => typeof placeOfTab(tab).part.view?.nodes?.[node]?.masks === "string");
  return (
    <>
      <img src={assetUrl(digest)} alt={t("media.loaded")} loading="lazy" decoding="async" draggable={false} />
      {!isMask && (
        <button type="button" className="paint nodrag" onClick={() => openDialog({ kind: "mask", node })}>
          <Brush size={11} aria-hidden /> {t("mask.paint")}
        </button>
      )}
    </>
  );
}

export const Media = memo(Pictures);
