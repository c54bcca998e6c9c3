/** A seed: all of its 64 bits, a new one by a click, and what becomes of it after each run. */
import { Dices, History, Lock, Plus, Shuffle } from "lucide-react";
import { useState } from "react";
import { setLook } from "~/doc/edit";
import { edit, placeOfTab, usePart, useTab } from "~/doc/tabs";
import { lastValue, useLastRun } from "~/run/last";
import { randomSeed } from "~/run/submit";
import { ROW, type Widget, type WidgetProps } from "./widget";

const MOST = 2n ** 64n - 1n;

const NEXT = {
  fixed: { next: "add", Icon: Lock, says: "stays the same after each run" },
  add: { next: "random", Icon: Plus, says: "one more after each run" },
  random: { next: "fixed", Icon: Shuffle, says: "a new one after each run" },
} as const;

function SeedView({ input, value, label, id, node, set }: WidgetProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const look = usePart().view?.nodes?.[node]?.seeds as Record<string, keyof typeof NEXT> | undefined;
  const how = look?.[input.name] ?? "fixed";
  const tab = useTab((each) => each.id);
  const subgraph = useTab((each) => placeOfTab(each).subgraph);
  const last = useLastRun(({ docs }) => lastValue(docs[tab], subgraph, { node, name: input.name }));
  const isOther = (typeof last === "number" || typeof last === "bigint") && last !== value;
  const { Icon, next, says } = NEXT[how] ?? NEXT.fixed;
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
    edit("Seed after each run", (part) => setLook(part, node, "seeds", Object.keys(seeds).length ? seeds : undefined));
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
          title={`The seed of the last run: ${last}`}
          aria-label={`${label}: reuse last, ${last}`}
          onClick={() => set(last)}
        >
          <History size={12} />
        </button>
      )}
      <button
        type="button"
        className="icon nodrag"
        title="A new seed"
        aria-label={`${label}: a new seed`}
        onClick={() => set(randomSeed())}
      >
        <Dices size={12} />
      </button>
      <button
        type="button"
        className="icon nodrag"
        title={`Seed ${says}`}
        aria-label={`${label} ${says}`}
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
