/** A seed: all of its 64 bits, a new one by a click, and what becomes of it after each run. */

import { Dices, History, Lock, Plus, Shuffle } from "lucide-react";
import { useState } from "react";
import { setLook } from "~/doc/edit";
import { edit, placeOfTab, usePart, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { lastValue, useLastRun } from "~/run/last";
import { randomSeed } from "~/run/submit";
import { ROW, type Widget, type WidgetProps } from "./widget";

const MOST = 2n ** 64n - 1n;

const NEXT = {
  fixed: { next: "add", Icon: Lock },
  add: { next: "random", Icon: Plus },
  random: { next: "fixed", Icon: Shuffle },
} as const;

function SeedView({ input, value, label, id, node, set }: WidgetProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const look = usePart().view?.nodes?.[node]?.seeds as Record<string, keyof typeof NEXT> | undefined;
  const kept = look?.[input.name] ?? "fixed";
  const how = Object.hasOwn(NEXT, kept) ? kept : "fixed";
  const tab = useTab((each) => each.id);
  const subgraph = useTab((each) => placeOfTab(each).subgraph);
  const last = useLastRun(({ docs }) => lastValue(docs[tab], subgraph, { node, name: input.name }));
  const isOther = (typeof last === "number" || typeof last === "bigint") && last !== value;
  const { Icon, next } = NEXT[how];
  const commit = () => {
    if (typed !== null && /^\d+$/.test(typed.trim())) {
      const wide = BigInt(typed.trim());
      const bounded = wide > MOST ? MOST : wide;
      set(bounded <= Number.MAX_SAFE_INTEGER ? Number(bounded) : bounded);
    }
    setTyped(null);
  };
  const choose = () => {
    const { [input.name]: _, ...rest } = look ?? {};
    const seeds = next === "fixed" ? rest : { ...rest, [input.name]: next };
    edit(t("did.seedAfter"), (part) => setLook(part, node, "seeds", Object.keys(seeds).length ? seeds : undefined));
  };
  return (
    <span className="seed">
      <input
        id={id}
        className="number nodrag"
        inputMode="numeric"
        autoComplete="off"
        aria-label={label}
        value={typed ?? String(value ?? 0)}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
      {isOther && (
        <button
          type="button"
          className="icon nodrag"
          title={t("seed.last", { last })}
          aria-label={t("seed.reuse", { label, last })}
          onClick={() => set(last)}
        >
          <History size={12} />
        </button>
      )}
      <button
        type="button"
        className="icon nodrag"
        title={t("seed.new")}
        aria-label={t("seed.newOf", { label })}
        onClick={() => set(randomSeed())}
      >
        <Dices size={12} />
      </button>
      <button
        type="button"
        className="icon nodrag"
        title={t(`seed.after.${how}`)}
        aria-label={t(`seed.says.${how}`, { label })}
        data-on={how !== "fixed"}
        onClick={choose}
      >
        <Icon size={12} />
      </button>
    </span>
  );
}

export const seedWidget: Widget = {
  kind: "seed",
  match: (input) => input.type === "Seed",
  height: () => ROW,
  View: SeedView,
};
