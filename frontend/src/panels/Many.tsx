/** What can be done with more than one node. */
import { command, titleOf } from "~/commands/table";
import { useKeysOf } from "~/commands/useKeys";
import { useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";

const ACTS = [
  "run-selection",
  "frame",
  "subgraph",
  "align-left",
  "align-top",
  "distribute-across",
  "distribute-down",
  "bypass",
  "mute",
  "fold",
];

export function Many({ count, isFramed }: { count: number; isFramed: boolean }) {
  return (
    <>
      {!isFramed && <p className="quiet-word">{t("inspector.selected", { count })}</p>}
      <fieldset className="acts-of-many" aria-label={t("inspector.many")}>
        {ACTS.filter((id) => !isFramed || id !== "frame").map((id) => (
          <Act key={id} id={id} />
        ))}
      </fieldset>
    </>
  );
}

function Act({ id }: { id: string }) {
  const keys = useKeysOf(id);
  const found = command(id);
  const isOff = useTab(() => found?.can?.() === false);
  if (!found) return null;
  return (
    <button type="button" disabled={isOff} onClick={() => found.run()}>
      {titleOf(found)} <kbd>{keys}</kbd>
    </button>
  );
}
