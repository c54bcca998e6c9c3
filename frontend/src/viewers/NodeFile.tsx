/** A file on a node: small, and played only when asked. */

import { Box } from "lucide-react";
import { t } from "~/i18n/language";
import type { ResultFile } from "~/run/jobs";
import { openDialog } from "~/ui/dialogs";

export function NodeFile({ file, url }: { file: ResultFile; url: string }) {
  const kind = file.media_type.split("/")[0];
  if (kind === "image") return <img src={url} alt={file.name} loading="lazy" decoding="async" draggable={false} />;
  if (kind === "video") {
    return (
      <video className="nodrag" src={url} controls loop muted playsInline preload="metadata" aria-label={file.name} />
    );
  }
  if (kind === "audio") {
    // biome-ignore lint/a11y/useMediaCaption: what a workflow makes comes without captions
    return <audio className="nodrag" src={url} controls preload="metadata" aria-label={file.name} />;
  }
  if (kind !== "model") return null;
  return (
    <button type="button" className="paint nodrag" onClick={() => openDialog({ kind: "file", file })}>
      <Box size={11} aria-hidden /> {t("file.model")}
    </button>
  );
}
