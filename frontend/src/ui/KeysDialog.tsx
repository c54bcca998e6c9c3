/** All commands with their keys, and how to change them. */
import { Plus, RotateCcw, X } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { bind, boundTo, keysOf, reset, resetAll, unbind, useBindings, whyNot } from "~/commands/bindings";
import { nameOf, shownKeys } from "~/commands/keyname";
import { COMMANDS, type Command, GROUPS, groupTitle, titleOf } from "~/commands/table";
import { t } from "~/i18n/language";
import { Frame } from "./Frame";
import "./keys.css";

export default function KeysDialog() {
  const [query, setQuery] = useState("");
  const [asked, setAsked] = useState<string | null>(null);
  const own = useBindings((state) => state.own);
  const words = query.trim().toLowerCase();
  const isFound = (each: Command) =>
    `${titleOf(each)} ${keysOf(each).map(shownKeys).join(" ")}`.toLowerCase().includes(words);
  const shown = COMMANDS.filter(isFound);
  return (
    <Frame title={t("keys.title")} size="wide">
      <div className="keys-head">
        <input
          className="line"
          placeholder={t("keys.search")}
          aria-label={t("keys.search")}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <button type="button" className="plain" disabled={Object.keys(own).length === 0} onClick={resetAll}>
          {t("keys.resetAll")}
        </button>
      </div>
      <div className="sheet">
        {GROUPS.map((group) => {
          const found = shown.filter((each) => each.group === group);
          if (found.length === 0) return null;
          return (
            <section key={group}>
              <h3>{groupTitle(group)}</h3>
              <ul>
                {found.map((each) => (
                  <Row key={each.id} command={each} isAsked={asked === each.id} ask={setAsked} />
                ))}
              </ul>
            </section>
          );
        })}
      </div>
      {shown.length === 0 && <p className="quiet-word">{t("keys.none")}</p>}
    </Frame>
  );
}

interface RowProps {
  command: Command;
  isAsked: boolean;
  ask(id: string | null): void;
}

function Row({ command, isAsked, ask }: RowProps) {
  const own = useBindings((state) => state.own);
  const title = titleOf(command);
  return (
    <li data-own={Object.hasOwn(own, command.id)}>
      <div className="key-row">
        <span>{title}</span>
        {keysOf(command, { own }).map((keys) => (
          <button
            key={keys}
            type="button"
            className="cap"
            aria-label={t("keys.remove", { keys: shownKeys(keys), title })}
            onClick={() => unbind(command, keys)}
          >
            <kbd>{shownKeys(keys)}</kbd>
            <X size={9} aria-hidden />
          </button>
        ))}
        {Object.hasOwn(own, command.id) && (
          <button
            type="button"
            className="icon"
            aria-label={t("keys.reset", { title })}
            title={t("keys.reset", { title })}
            onClick={() => reset(command)}
          >
            <RotateCcw size={12} aria-hidden />
          </button>
        )}
        <button
          type="button"
          className="icon"
          aria-label={t("keys.add", { title })}
          title={t("keys.add", { title })}
          aria-expanded={isAsked}
          onClick={() => ask(isAsked ? null : command.id)}
        >
          <Plus size={12} aria-hidden />
        </button>
      </div>
      {isAsked && <Listener command={command} done={() => ask(null)} />}
    </li>
  );
}

/** Waits for keys; those of another command are taken from it only when that was said. */
function Listener({ command, done }: { command: Command; done(): void }) {
  const [taken, setTaken] = useState<{ keys: string; by: Command } | null>(null);
  const hear = (event: KeyboardEvent) => {
    const keys = nameOf(event.nativeEvent);
    const reason = whyNot(keys);
    if (event.key === "Tab" && !event.ctrlKey && !event.altKey) return; // it leaves the field
    event.preventDefault();
    event.stopPropagation();
    if (reason === "escape") return done();
    if (reason === "modifier") return;
    const by = boundTo(keys);
    if (by && by !== command) return setTaken({ keys, by });
    bind(command, keys);
    done();
  };
  if (taken) {
    return (
      <p className="key-ask" role="alert">
        <kbd>{shownKeys(taken.keys)}</kbd> {t("keys.taken", { title: titleOf(taken.by) })}
        <button
          type="button"
          className="plain"
          ref={focus}
          onClick={() => {
            bind(command, taken.keys);
            done();
          }}
        >
          {t("keys.take")}
        </button>
        <button type="button" className="plain" onClick={() => setTaken(null)}>
          {t("keys.other")}
        </button>
      </p>
    );
  }
  return (
    <p className="key-ask">
      <input
        ref={focus}
        className="line"
        readOnly
        value=""
        placeholder={t("keys.press")}
        aria-label={t("keys.pressFor", { title: titleOf(command) })}
        onKeyDown={hear}
        onBlur={(event) => event.currentTarget.isConnected && done()}
      />
    </p>
  );
}

const focus = (what: HTMLElement | null) => what?.focus();
