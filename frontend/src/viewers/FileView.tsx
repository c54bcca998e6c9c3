/** A file of a result, as large as there is room. */

import { Download } from "lucide-react";
import { lazy, Suspense } from "react";
import { resultUrl } from "~/api/service";
import { t } from "~/i18n/language";
import type { ResultFile } from "~/run/jobs";
import "./viewers.css";

const Scene = lazy(() => import("./Scene"));

export const shortName = (file: Pick<ResultFile, "name">) => file.name.split("/").at(-1) ?? file.name;

export function FileView({ file }: { file: ResultFile }) {
  const url = resultUrl(file.digest);
  return (
    <figure className="viewer">
      <Content file={file} url={url} />
      <figcaption>
        <span>{shortName(file)}</span>
        <a
          className="icon"
          href={url}
          download={shortName(file)}
          aria-label={t("file.download", { name: shortName(file) })}
        >
          <Download size={13} />
        </a>
      </figcaption>
    </figure>
  );
}

function Content({ file, url }: { file: ResultFile; url: string }) {
  const kind = file.media_type.split("/")[0];
  if (kind === "image") return <img src={url} alt={shortName(file)} decoding="async" />;
  if (kind === "video") {
    return <video src={url} controls loop muted playsInline aria-label={shortName(file)} />;
  }
  // biome-ignore lint/a11y/useMediaCaption: what a workflow makes comes without captions
  if (kind === "audio") return <audio src={url} controls aria-label={shortName(file)} />;
  if (kind === "model") {
    return (
      <Suspense fallback={<p className="quiet-word">{t("file.loading")}</p>}>
        <Scene url={url} label={shortName(file)} />
      </Suspense>
    );
  }
  return <p className="quiet-word">{file.media_type}</p>;
}
