/** One line: what usually comes after the selected node, each a click away. */

import { Plus } from "lucide-react";
import { useEffect, useMemo } from "react";
import { useCatalog } from "~/catalog/store";
import { learn, useHabits } from "~/commands/habits";
import { suggestionsFor } from "~/commands/next";
import { addAfter } from "~/commands/placing";
import { usePart, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";

const MOST = 4;

export function Next({ name }: { name: string }) {
  const finder = useCatalog((state) => state.finder);
  const doc = useTab((tab) => tab.doc);
  const part = usePart();
  const habits = useHabits((state) => state.habits);
  useEffect(() => void learn(), []);
  const found = useMemo(() => suggestionsFor(finder, doc, part, name, habits, MOST), [finder, doc, part, name, habits]);
  if (found.length === 0) return null;
  return (
    <section className="next" aria-label={t("next.title")}>
      {found.map((each) => (
        <button
          key={each.node.id}
          type="button"
          title={t("next.add", { title: each.node.title, output: each.output })}
          onClick={() => addAfter(name, each)}
        >
          <Plus size={11} aria-hidden />
          {each.node.title}
        </button>
      ))}
    </section>
  );
}
