/** What can be done with more than one node. */
import { command, titleOf } from "~/commands/table";
import { useKeysOf } from "~/commands/useKeys";
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
      <div className="acts-of-many" role="toolbar" aria-orientation="vertical" aria-label={t("inspector.many")}>
        {ACTS.filter((id) => !isFramed || id !== "frame").map((id) => (
          <Act key={id} id={id} />
        ))}
      </div>
    </>
  );
}

function Act({ id }: { id: string }) {
  const keys = useKeysOf(id);
  const found = command(id);
  if (!found) return null;
  return (
    <button type="button" onClick={() => found.run()}>
      {titleOf(found)} <kbd>{keys}</kbd>
    </button>
  );
}
