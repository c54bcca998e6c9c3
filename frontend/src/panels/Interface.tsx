/** The sockets of what is looked at: of a subgraph, as every node that stands for it has them; or of the workflow. */

import { ArrowDown, ArrowUp, X } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { useCatalog } from "~/catalog/store";
import { expose, hide, renameEntry, type Side, sortEntry, standsFor } from "~/doc/interface";
import { type Address, addressOf, type Part, sourceOf, written } from "~/doc/model";
import { SOCKET_NAME } from "~/doc/names";
import { edit, placeOfTab, usePart, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";

export function Interface() {
  return (
    <section className="interface" aria-label={t("interface.title")}>
      <SideView side="inputs" title={t("interface.inputs")} />
      <SideView side="outputs" title={t("interface.outputs")} />
    </section>
  );
}

function SideView({ side, title }: { side: Side; title: string }) {
  const part = usePart();
  const entries = Object.entries(part[side] ?? {});
  return (
    <>
      <h2>{title}</h2>
      <ul>
        {entries.map(([name, entry], index) => (
          <Entry key={name} side={side} name={name} inside={standsFor(entry)} index={index} count={entries.length} />
        ))}
      </ul>
      <Adder side={side} part={part} />
    </>
  );
}

interface EntryProps {
  side: Side;
  name: string;
  inside: readonly Address[];
  index: number;
  count: number;
}

function Entry({ side, name, inside, index, count }: EntryProps) {
  const subgraph = useTab((tab) => placeOfTab(tab).subgraph);
  const doc = useTab((tab) => tab.doc);
  const part = usePart();
  const finder = useCatalog((state) => state.finder);
  const first = inside[0];
  const socket =
    first && (side === "inputs" ? finder.input : finder.output).call(finder, part, first.node, first.name, doc);
  const move = (to: number) => edit(t("did.sortInterface"), (draft) => sortEntry(draft, side, name, to));
  const byKeys = (event: KeyboardEvent) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    move(index + (event.key === "ArrowUp" ? -1 : 1));
  };
  return (
    <li>
      <i className="type" style={{ background: finder.catalog.colour(socket?.type ?? "") }} title={socket?.type} />
      <Name side={side} name={name} onKeys={byKeys} subgraph={subgraph} />
      <span className="inside" title={inside.map(written).join(", ")}>
        {inside.map((each) => part.nodes?.[each.node]?.title || each.node).join(", ")}
      </span>
      <button
        type="button"
        className="icon"
        aria-label={t("interface.up", { name })}
        disabled={index === 0}
        onClick={() => move(index - 1)}
      >
        <ArrowUp size={12} />
      </button>
      <button
        type="button"
        className="icon"
        aria-label={t("interface.down", { name })}
        disabled={index === count - 1}
        onClick={() => move(index + 1)}
      >
        <ArrowDown size={12} />
      </button>
      <button
        type="button"
        className="icon"
        aria-label={t("interface.remove", { name })}
        onClick={() => edit(t("did.remove", { name }), (draft, whole) => hide(whole, draft, subgraph, side, name))}
      >
        <X size={12} />
      </button>
    </li>
  );
}

interface NameProps {
  side: Side;
  name: string;
  subgraph: string | null;
  onKeys(event: KeyboardEvent): void;
}

function Name({ side, name, subgraph, onKeys }: NameProps) {
  const [text, setText] = useState(name);
  const commit = () => {
    if (!SOCKET_NAME.test(text)) return setText(name);
    edit(t("did.rename", { name }), (draft, whole) => renameEntry(whole, draft, subgraph, side, name, text));
  };
  return (
    <input
      aria-label={t("interface.name", { name })}
      aria-invalid={!SOCKET_NAME.test(text)}
      title={t("interface.letters")}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        onKeys(event);
        if (event.key === "Enter") commit();
        else if (event.key === "Escape") setText(name);
      }}
    />
  );
}

/** The sockets inside that have no name here yet: a long list, made when it is wanted. */
function Adder({ side, part }: { side: Side; part: Part }) {
  const doc = useTab((tab) => tab.doc);
  const finder = useCatalog((state) => state.finder);
  const [isWanted, setWanted] = useState(false);
  const groups = !isWanted
    ? []
    : offers(side, part, (type) => finder.of(type, doc)?.[side].map((each) => each.name) ?? []);
  const word = t(side === "inputs" ? "interface.addInput" : "interface.addOutput");
  return (
    <select
      aria-label={word}
      value=""
      onPointerDown={() => setWanted(true)}
      onFocus={() => setWanted(true)}
      onBlur={() => setWanted(false)}
      onChange={(event) => {
        const address = addressOf(event.target.value);
        edit(t("did.add", { name: address.name }), (draft) => void expose(draft, side, address));
      }}
    >
      <option value="">{word}</option>
      {groups.map(([node, names]) => (
        <optgroup key={node} label={part.nodes?.[node]?.title || node}>
          {names.map((name) => (
            <option key={name} value={written({ node, name })}>
              {name}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

function offers(side: Side, part: Part, sockets: (type: string) => string[]): [string, string[]][] {
  const taken = new Set(Object.values(part[side] ?? {}).flatMap((entry) => standsFor(entry).map(written)));
  const isFree = (node: string, name: string) => {
    const linked = side === "inputs" && sourceOf(part.nodes?.[node]?.inputs?.[name]) !== null;
    return !linked && !taken.has(written({ node, name }));
  };
  return Object.entries(part.nodes ?? {})
    .map(([node, { type }]): [string, string[]] => [node, sockets(type).filter((name) => isFree(node, name))])
    .filter(([, names]) => names.length > 0);
}
