/** What was made, the newest first. */
import { AudioLines, Box, File, Film } from "lucide-react";
import { resultUrl } from "~/api/service";
import { type Result, useResults } from "~/run/results";
import { openDialog } from "~/ui/dialogs";
import { shortName } from "~/viewers/FileView";

const MOST = 60;
const ICONS: Record<string, typeof File> = { video: Film, audio: AudioLines, model: Box };

export function Results() {
  const results = useResults(MOST);
  return (
    <div className="card results">
      <h2>
        Results <small>{results.length || ""}</small>
      </h2>
      <div className="grid">
        {results.map((result) => (
          <ResultView key={result.key} result={result} />
        ))}
      </div>
    </div>
  );
}

function ResultView({ result: { key, file } }: { result: Result }) {
  const kind = file.media_type.split("/")[0] ?? "";
  const Icon = ICONS[kind] ?? File;
  return (
    <button type="button" title={file.name} onClick={() => openDialog({ kind: "result", key })}>
      {kind === "image" ? (
        <img src={resultUrl(file.digest)} alt={file.name} loading="lazy" decoding="async" />
      ) : (
        <span className="other">
          <Icon size={20} aria-hidden />
          {shortName(file)}
        </span>
      )}
    </button>
  );
}
