/** What a document was: the versions of the library, and those that this browser has kept; any two are compared. */
import { useState } from "react";
import { compare, type Past, pastOf } from "~/commands/comparing";
import { openDocument } from "~/commands/files";
import type { Workflow } from "~/doc/model";
import { replaceDocument } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { closeDialog } from "./dialogs";
import { Frame } from "./Frame";
import { complain } from "./notices";
import { useLoaded } from "./useLoaded";

const NOW = "now";

export default function VersionsDialog() {
  const past = useLoaded(pastOf);
  const [before, setBefore] = useState<string>();
  const [after, setAfter] = useState(NOW);
  const chosen = before ?? past?.[0]?.key;
  const open = (each: Past, how: (doc: Workflow) => void) =>
    void each.load().then(how).then(closeDialog).catch(complain);
  const compareChosen = () => {
    const found = (key: string) => past?.find((each) => each.key === key) ?? null;
    const first = found(chosen ?? "");
    if (first) void compare(first, found(after)).then((isDone) => isDone && closeDialog());
  };
  const radios = (key: string, word: string) => (
    <>
      <Radio side="before" label={t("versions.before", { word })} isOn={chosen === key} pick={() => setBefore(key)} />
      <Radio side="after" label={t("versions.after", { word })} isOn={after === key} pick={() => setAfter(key)} />
    </>
  );
  return (
    <Frame title={t("versions.title")} size="wide">
      <ul className="versions">
        <li>
          <i className="no-radio" />
          <Radio
            side="after"
            label={t("versions.after", { word: t("versions.now") })}
            isOn={after === NOW}
            pick={() => setAfter(NOW)}
          />
          <span>{t("versions.now")}</span>
        </li>
        {past?.map((each) => (
          <li key={each.key}>
            {radios(each.key, each.word)}
            <time dateTime={new Date(each.time).toISOString()}>{new Date(each.time).toLocaleString()}</time>
            <span>{each.word}</span>
            <button type="button" className="plain" onClick={() => open(each, (doc) => openDocument(doc))}>
              {t("versions.beside")}
            </button>
            <button
              type="button"
              className="plain"
              onClick={() => open(each, (doc) => replaceDocument(t("did.restore"), doc))}
            >
              {t("versions.restore")}
            </button>
          </li>
        ))}
      </ul>
      {past?.length === 0 && <p className="quiet-word">{t("versions.none")}</p>}
      {past && past.length > 0 && (
        <footer>
          <span className="quiet-word">{t("versions.order")}</span>
          <span className="gap" />
          <button type="button" className="primary" disabled={chosen === after} onClick={compareChosen}>
            {t("versions.compare")}
          </button>
        </footer>
      )}
    </Frame>
  );
}

function Radio({ side, label, isOn, pick }: { side: string; label: string; isOn: boolean; pick(): void }) {
  return <input type="radio" name={side} aria-label={label} checked={isOn} onChange={pick} />;
}
