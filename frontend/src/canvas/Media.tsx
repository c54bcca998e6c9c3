/** What a node shows below its rows: the picture that it works on, or what it wrote. */
import { memo } from "react";
import { resultUrl } from "~/api/service";
import { previewKey, shownJob, taskOf, useRuns } from "~/run/store";

function Pictures({ doc, task }: { doc: string; task: string }) {
  const job = useRuns((state) => state.shown[doc] ?? "");
  const preview = useRuns((state) => state.previews[previewKey(job, task)]);
  const running = useRuns((state) => taskOf(state, doc, task));
  const file = useRuns((state) => shownJob(state, doc)?.files.findLast((each) => each.task === task));
  const failure = running?.state === "failed" ? running.failure : undefined;
  const share = running?.state === "running" && running.total ? (running.step ?? 0) / running.total : null;
  if (!preview && !file && !failure && share === null) return null;
  return (
    <div className="media">
      {share !== null && <progress max={1} value={share} aria-label="progress" />}
      {failure && <p className="failure">{failure.message}</p>}
      {preview ? (
        <img src={preview.url} alt="work in progress" draggable={false} />
      ) : file?.media_type.startsWith("image/") ? (
        <img src={resultUrl(file.digest)} alt={file.name} loading="lazy" decoding="async" draggable={false} />
      ) : null}
    </div>
  );
}

export const Media = memo(Pictures);
