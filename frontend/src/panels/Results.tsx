/** What was made, the newest first. */

import { AudioLines, Box, File, Film } from "lucide-react";
import { useState } from "react";
import { resultUrl } from "~/api/service";
import { t } from "~/i18n/language";
import { isPicture, type Result, useResults } from "~/run/results";
import { openDialog } from "~/ui/dialogs";
import { shortName } from "~/viewers/FileView";

const MOST = 60;
const ICONS: Record<string, typeof File> = { video: Film, audio: AudioLines, model: Box };

export function Results() {
  const results = useResults(MOST);
  const [marked, setMarked] = useState<string | null>(null);
  const first = results.find(({ key }) => key === marked);
  const open = (result: Result, isMarking: boolean) => {
    if (isMarking && isPicture(result) && first?.key !== result.key) {
      if (first) openDialog({ kind: "result", key: result.key, beside: first.key });
      setMarked(first ? null : result.key);
      return;
    }
    setMarked(null);
    if (!isMarking) openDialog({ kind: "result", key: result.key });
  };
  return (
    <div className="card results">
      <h2>
        {t("results.title")}{" "}
        <small>{first ? t("results.comparing", { number: first.number }) : results.length || ""}</small>
      </h2>
      {results.length === 0 && <p className="quiet-word">{t("results.empty")}</p>}
      <div className="grid">
        {results.map((result) => (
          <ResultView key={result.key} result={result} isMarked={result.key === marked} open={open} />
        ))}
      </div>
    </div>
  );
}

interface Props {
  result: Result;
  isMarked: boolean;
  open(result: Result, isMarking: boolean): void;
}

function ResultView({ result, isMarked, open }: Props) {
  const { file, number } = result;
  const kind = file.media_type.split("/")[0] ?? "";
  const Icon = ICONS[kind] ?? File;
  const way = isPicture(result) ? ` — ${t("results.ctrl")}` : "";
  return (
    <button
      type="button"
      title={`#${number} ${file.name}${way}`}
      aria-pressed={isMarked || undefined}
      onClick={(event) => open(result, event.ctrlKey || event.metaKey || event.shiftKey)}
    >
      {kind === "image" ? (
        <img src={resultUrl(file.digest)} alt={`#${number} ${file.name}`} loading="lazy" decoding="async" />
      ) : (
        <span className="other">
          <Icon size={20} aria-hidden />
          {shortName(file)}
        </span>
      )}
    </button>
  );
}
