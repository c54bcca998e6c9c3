/** One result, large: the next and the one before, beside another, and the workflow that made it. */
import { ChevronLeft, ChevronRight, Columns2, FileDiff, Workflow as Graph, ImagePlus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { resultUrl } from "~/api/service";
import { shownView } from "~/canvas/state";
import { compare, type Past } from "~/commands/comparing";
import { openFiles } from "~/commands/files";
import { workflowOf } from "~/doc/file";
import { t } from "~/i18n/language";
import { isPicture, type Result, useResults } from "~/run/results";
import { closeDialog } from "~/ui/dialogs";
import { Frame } from "~/ui/Frame";
import { Compare } from "./Compare";
import { FileView, shortName } from "./FileView";
import { Better, Stars } from "./Rating";

const MOST = 60;

export default function ResultDialog({ start, against = null }: { start: string; against?: string | null }) {
  const results = useResults(MOST);
  const [key, setKey] = useState(start);
  const [other, setOther] = useState(against);
  const at = results.findIndex((result) => result.key === key);
  const shown = results[at];
  if (!shown) return null;
  const beside = results.find((result) => result.key === other && isPicture(result));
  const pictures = results.filter((result) => isPicture(result) && result !== shown);
  const offered = beside ?? pictures.find((each) => results.indexOf(each) > at) ?? pictures[0];
  const step = (by: number) => setKey(results[(at + by + results.length) % results.length]?.key ?? key);
  const bring = async (asPicture: boolean) => {
    const file = await fileOf(shown);
    closeDialog();
    await openFiles([file], { at: shownView()?.middle() ?? { x: 0, y: 0 }, asPicture });
  };
  const differ = async () => {
    closeDialog();
    await (beside ? compare(madeBy(beside), madeBy(shown)) : compare(madeBy(shown)));
  };
  return (
    <Frame title={`#${shown.number} ${shortName(shown.file)}`} size="full">
      <fieldset className="acts" aria-label={t("result.title")}>
        <Act isBare says={t("result.newer")} go={() => step(-1)}>
          <ChevronLeft size={14} aria-hidden />
        </Act>
        <Act isBare says={t("result.older")} go={() => step(1)}>
          <ChevronRight size={14} aria-hidden />
        </Act>
        {isPicture(shown) && offered && (
          <Act
            says={t("result.compare", { number: offered.number })}
            isOn={beside !== undefined}
            go={() => setOther(beside ? null : offered.key)}
          >
            <Columns2 size={13} aria-hidden /> {t("result.compare", { number: offered.number })}
          </Act>
        )}
        <span className="gap" />
        {beside ? <Better left={beside} right={shown} /> : <Stars of={shown} />}
        {isPicture(shown) && (
          <>
            <Act says={t("result.input")} go={() => void bring(true)}>
              <ImagePlus size={13} aria-hidden /> {t("result.input")}
            </Act>
            <Act says={t("result.workflow")} go={() => void bring(false)}>
              <Graph size={13} aria-hidden /> {t("result.workflow")}
            </Act>
            <Act says={beside ? t("diff.two") : t("diff.result")} go={() => void differ()}>
              <FileDiff size={13} aria-hidden /> {t("diff.short")}
            </Act>
          </>
        )}
      </fieldset>
      {beside ? <Compare left={beside} right={shown} /> : <FileView file={shown.file} />}
      {beside && <Choice pictures={pictures} chosen={beside.key} choose={setOther} />}
    </Frame>
  );
}

/** The workflow that made a result. */
function madeBy(result: Result): Past {
  const word = shortName(result.file);
  return { word, load: async () => workflowOf(await fileOf(result), word) };
}

/** A result as a file of this machine, with the workflow that it carries. */
async function fileOf({ file }: Result): Promise<File> {
  const blob = await (await fetch(resultUrl(file.digest))).blob();
  return new File([blob], shortName(file), { type: file.media_type });
}

/** What to compare with. */
function Choice({
  pictures,
  chosen,
  choose,
}: {
  pictures: readonly Result[];
  chosen: string;
  choose(key: string): void;
}) {
  return (
    <fieldset className="strip" aria-label={t("result.with")}>
      {pictures.map(({ key, number, file }) => (
        <button
          key={key}
          type="button"
          aria-pressed={key === chosen}
          aria-label={`#${number} ${shortName(file)}`}
          onClick={() => choose(key)}
        >
          <img src={resultUrl(file.digest)} alt="" loading="lazy" decoding="async" />
        </button>
      ))}
    </fieldset>
  );
}

interface ActProps {
  says: string;
  isOn?: boolean;
  /** Whether there is no word on it. */
  isBare?: boolean;
  go(): void;
  children: ReactNode;
}

function Act({ says, isOn, isBare = false, go, children }: ActProps) {
  const label = isBare ? says : undefined;
  return (
    <button type="button" className="plain" aria-label={label} title={says} aria-pressed={isOn} onClick={go}>
      {children}
    </button>
  );
}
