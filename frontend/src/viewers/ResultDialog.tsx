/** One result, large: the next and the one before, beside another, and the workflow that made it. */
import { ChevronLeft, ChevronRight, Columns2, FileDiff, Workflow as Graph, ImagePlus, Info } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import type { CarriedOut } from "~/api/generated/service";
import { Refused } from "~/api/http";
import { resultUrl, service } from "~/api/service";
import { shownView } from "~/canvas/state";
import { workflowBehind } from "~/commands/carried";
import { compare, type Past } from "~/commands/comparing";
import { openDocument, openFiles } from "~/commands/files";
import { t } from "~/i18n/language";
import { lockOf } from "~/run/lock";
import { isPicture, type Result, useResults } from "~/run/results";
import { useRuns } from "~/run/store";
import { closeDialog } from "~/ui/dialogs";
import { Frame } from "~/ui/Frame";
import { complain } from "~/ui/notices";
import { Compare } from "./Compare";
import { FileView, shortName } from "./FileView";
import { MadeWith } from "./MadeWith";
import { Better, Stars } from "./Rating";

const MOST = 60;

export default function ResultDialog({ start, against = null }: { start: string; against?: string | null }) {
  const results = useResults(MOST);
  const [key, setKey] = useState(start);
  const [other, setOther] = useState(against);
  const at = results.findIndex((result) => result.key === key);
  const shown = results[at];
  const carried = useCarried(shown?.file.digest);
  const told = useRuns((state) => state.jobs[shown?.job ?? ""]?.lock);
  const [isTold, setTold] = useState(false);
  if (!shown) return null;
  const lock = lockOf(carried?.lock ?? told);
  const beside = results.find((result) => result.key === other && isPicture(result));
  const pictures = results.filter((result) => isPicture(result) && result !== shown);
  const offered = beside ?? pictures.find((each) => results.indexOf(each) > at) ?? pictures[0];
  const step = (by: number) => setKey(results[(at + by + results.length) % results.length]?.key ?? key);
  const use = async () => {
    const file = await fileOf(shown);
    closeDialog();
    await openFiles([file], { at: shownView()?.middle() ?? { x: 0, y: 0 }, asPicture: true });
  };
  const open = async () => {
    closeDialog();
    await madeBy(shown).load().then(openDocument, complain);
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
          <Act says={t("result.input")} go={() => void use()}>
            <ImagePlus size={13} aria-hidden /> {t("result.input")}
          </Act>
        )}
        {carried?.workflow && (
          <>
            <Act says={t("result.workflow")} go={() => void open()}>
              <Graph size={13} aria-hidden /> {t("result.workflow")}
            </Act>
            <Act says={beside ? t("diff.two") : t("diff.result")} go={() => void differ()}>
              <FileDiff size={13} aria-hidden /> {t("diff.short")}
            </Act>
          </>
        )}
        {lock && !beside && (
          <Act says={t("made.hint")} isOn={isTold} go={() => setTold(!isTold)}>
            <Info size={13} aria-hidden /> {t("made.title")}
          </Act>
        )}
      </fieldset>
      {beside ? (
        <Compare left={beside} right={shown} />
      ) : (
        <div className="shown">
          <FileView file={shown.file} />
          {lock && isTold && <MadeWith lock={lock} file={carried?.lock ? shortName(shown.file) : null} />}
        </div>
      )}
      {beside && <Choice pictures={pictures} chosen={beside.key} choose={setOther} />}
    </Frame>
  );
}

/** The workflow that made a result. */
function madeBy(result: Result): Past {
  const word = shortName(result.file);
  return { word, load: () => workflowBehind(result.file.digest, word) };
}

/** What a file says of its origin; undefined until that is known. */
function useCarried(digest: string | undefined): CarriedOut | undefined {
  const [found, setFound] = useState<{ of: string; carried: CarriedOut }>();
  useEffect(() => {
    let isWanted = true;
    if (digest !== undefined) {
      service.carriedBy(digest).then(
        (carried) => isWanted && setFound({ of: digest, carried }),
        (error: unknown) => (error instanceof Refused && error.status === 404 ? undefined : complain(error)), // it is gone
      );
    }
    return () => {
      isWanted = false;
    };
  }, [digest]);
  return found?.of === digest ? found?.carried : undefined;
}

/** A result as a file of this machine. */
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
