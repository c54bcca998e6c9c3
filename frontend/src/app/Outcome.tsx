/** What comes out: the picture that grows while it runs, then the results, the newest large. */
import { X } from "lucide-react";
import { useState } from "react";
import { resultUrl, service } from "~/api/service";
import { useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { shareOf } from "~/run/jobs";
import { useResults } from "~/run/results";
import { openJobs, useRuns } from "~/run/store";
import { FileView } from "~/viewers/FileView";

const MOST = 24;

export function Outcome() {
  const doc = useTab((tab) => tab.id);
  const results = useResults(MOST);
  const [chosen, setChosen] = useState<string | null>(null);
  const shown = results.find(({ key }) => key === chosen) ?? results[0];
  return (
    <section className="outcome" aria-label={t("app.results")}>
      <Progress doc={doc} />
      {shown && <FileView file={shown.file} />}
      {!shown && <p className="quiet-word">{t("app.empty")}</p>}
      {results.length > 1 && (
        <div className="strip">
          {results.map(({ key, file }) => (
            <button
              key={key}
              type="button"
              aria-pressed={key === shown?.key}
              aria-label={file.name}
              onClick={() => setChosen(key)}
            >
              {file.media_type.startsWith("image/") ? (
                <img src={resultUrl(file.digest)} alt="" loading="lazy" decoding="async" />
              ) : (
                file.name.split(".").at(-1)
              )}
            </button>
          ))}
        </div>
      )}
    </section>
  );
}

function Progress({ doc }: { doc: string }) {
  const jobs = useRuns((state) => state.jobs);
  const job = openJobs(jobs).find((each) => each.doc === doc);
  const preview = useRuns((state) => {
    const key = job && Object.keys(state.previews).find((each) => each.startsWith(`${job.id} `));
    return key ? state.previews[key] : undefined;
  });
  if (!job) return null;
  const share = shareOf(job);
  return (
    <div className="under-way">
      {preview && <img src={preview.url} alt={t("app.working")} />}
      <progress max={1} value={job.state === "running" ? share : undefined} aria-label={t("app.progress")} />
      <small>
        {job.cancelling ? t("app.stopping") : job.state === "running" ? `${Math.floor(share * 100)} %` : t("app.waits")}
      </small>
      <button type="button" className="icon" aria-label={t("app.cancel")} onClick={() => void service.cancel(job.id)}>
        <X size={13} />
      </button>
    </div>
  );
}
