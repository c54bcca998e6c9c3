/** Picking from a list by a few letters: what to connect the selected node to, or a node to go to. */

import { Command } from "cmdk";
import { useMemo, useState } from "react";
import { useCatalog } from "~/catalog/store";
import { activeTab, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { foundNodes, linksFor, type Offer } from "./offers";
import { fuzzy } from "./search";
import { usePicker } from "./state";

const MOST = 60;

export function Picker() {
  const kind = usePicker((state) => state.kind);
  return kind && <List key={kind} kind={kind} />;
}

const close = () => usePicker.setState({ kind: null });

function List({ kind }: { kind: "connect" | "find" }) {
  const finder = useCatalog((state) => state.finder);
  const doc = useTab((tab) => tab.doc);
  const [query, setQuery] = useState("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is that of the document
  const offers = useMemo(() => (kind === "find" ? foundNodes : linksFor)(finder, activeTab()), [kind, finder, doc]);
  const shown = useMemo(() => best(offers, query), [offers, query]);
  const title = t(`palette.${kind}`);
  return (
    <div className="veil" onPointerDown={(event) => event.target === event.currentTarget && close()}>
      <Command
        className="palette picker"
        label={title}
        shouldFilter={false}
        loop
        onKeyDown={(event) => event.key === "Escape" && close()}
      >
        <div className="palette-head">
          <Command.Input autoFocus value={query} onValueChange={setQuery} placeholder={title} />
        </div>
        <Command.List>
          <Command.Empty>{t("list.none")}</Command.Empty>
          {shown.map((each) => (
            <Command.Item
              key={each.key}
              value={each.key}
              onSelect={() => {
                close();
                each.run();
              }}
            >
              <span>{each.label}</span>
              <small>{each.detail}</small>
            </Command.Item>
          ))}
        </Command.List>
      </Command>
    </div>
  );
}

/** The best by words that all come in order; in the order of the list where they are as good. */
function best(offers: readonly Offer[], query: string): Offer[] {
  const words = query.trim().toLowerCase();
  if (words === "") return offers.slice(0, MOST);
  const scored = offers.map((offer) => ({
    offer,
    score: Math.max(
      fuzzy(words, offer.label.toLowerCase()) * 2,
      fuzzy(words, `${offer.label} ${offer.detail}`.toLowerCase()),
    ),
  }));
  const found = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
  return found.slice(0, MOST).map(({ offer }) => offer);
}
