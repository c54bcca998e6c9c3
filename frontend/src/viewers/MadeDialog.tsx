/** What the results of a run were made with. */
import { t } from "~/i18n/language";
import { lockOf } from "~/run/lock";
import { useRuns } from "~/run/store";
import { Frame } from "~/ui/Frame";
import { MadeWith } from "./MadeWith";

export default function MadeDialog({ job }: { job: string }) {
  const lock = lockOf(useRuns((state) => state.jobs[job]?.lock));
  return <Frame title={t("made.title")}>{lock && <MadeWith lock={lock} file={null} />}</Frame>;
}
