/**
 * A prompt: weights go up and down by Ctrl and the arrow keys, words of earlier prompts and of the model are offered
 * while one is typed, and a corner says how many tokens the model reads.
 */
import { Popover } from "radix-ui";
import { type KeyboardEvent, useRef, useState } from "react";
import { useCatalog } from "~/catalog/store";
import { type Completion, completions, modelBehind } from "~/doc/prompts";
import { placeOfTab, useTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { useTokens } from "~/run/tokens";
import { knownWords } from "~/run/words";
import { AROUND, LINE, rowsOf } from "./text";
import { weighted } from "./weights";
import { hint, type Widget, type WidgetProps } from "./widget";

const STEP = 0.05;

function PromptView(props: WidgetProps) {
  const { value, label, id, node, set, input } = props;
  const text = String(value ?? "");
  const box = useRef<HTMLTextAreaElement>(null);
  const finder = useCatalog((state) => state.finder);
  const model = useTab((tab) => modelBehind(finder, tab.doc, placeOfTab(tab).part, node));
  const lists = useRef<{ model: string | null; words: ReturnType<typeof knownWords> }>(null);
  const [offers, setOffers] = useState<readonly Completion[]>([]);
  const [chosen, setChosen] = useState(0);
  const list = `${id.replaceAll(" ", "-")}-words`; // a list of ids is told apart by spaces
  const isOpen = offers.length > 0;

  const offer = async (now: string, at: number) => {
    if (lists.current?.model !== model) lists.current = { model, words: knownWords(model) };
    const found = completions(now, at, await lists.current.words);
    if (box.current?.value !== now) return; // typed on meanwhile
    setOffers(found);
    setChosen(0);
  };
  const write = (now: string, from: number, to: number, gesture: string) => {
    set(now, `${gesture} ${id}`);
    requestAnimationFrame(() => box.current?.setSelectionRange(from, to));
  };
  const take = (each: Completion | undefined) => {
    setOffers([]);
    if (!each) return;
    const end = each.from + each.word.length;
    write(text.slice(0, each.from) + each.word + text.slice(each.to), end, end, "type");
    box.current?.focus();
  };
  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const by = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (by !== 0 && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const { value: now, selectionStart, selectionEnd } = event.currentTarget;
      const found = weighted(now, selectionStart, selectionEnd, by * STEP);
      return write(found.text, found.from, found.to, "weight");
    }
    if (!isOpen || event.ctrlKey || event.metaKey || event.altKey) return;
    if (by !== 0) setChosen((chosen - by + offers.length) % offers.length);
    else if (event.key === "Tab" && !event.shiftKey) take(offers[chosen]);
    else if (event.key === "Escape") setOffers([]);
    else return;
    event.preventDefault();
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={(open) => !open && setOffers([])}>
      <Popover.Anchor asChild>
        <div className="prompt">
          <textarea
            ref={box}
            id={id}
            className="lines nodrag nowheel nopan"
            aria-label={label}
            aria-autocomplete="list"
            aria-controls={isOpen ? list : undefined}
            aria-activedescendant={isOpen ? `${list}-${chosen}` : undefined}
            placeholder={label}
            spellCheck={false}
            rows={rowsOf(input)}
            value={text}
            onChange={(event) => {
              const { value: now, selectionStart } = event.target;
              const { data, isComposing } = event.nativeEvent as InputEvent;
              set(now, `type ${id}`);
              if (data?.length === 1 && !isComposing) void offer(now, selectionStart);
              else setOffers([]);
            }}
            onKeyDown={keys}
            onBlur={() => setOffers([])}
          />
          <Tokens model={model} text={text} />
        </div>
      </Popover.Anchor>
      <Popover.Portal>
        <Popover.Content
          className="popover words"
          role="region"
          aria-label={t("prompt.words")}
          align="start"
          sideOffset={2}
          onOpenAutoFocus={(event) => event.preventDefault()}
          onCloseAutoFocus={(event) => event.preventDefault()}
        >
          <div id={list} role="listbox" aria-label={t("prompt.words")}>
            {offers.map((each, index) => (
              // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus, and says which is chosen
              <div
                key={each.word}
                id={`${list}-${index}`}
                role="option"
                aria-selected={index === chosen}
                onPointerDown={(event) => {
                  event.preventDefault(); // the field keeps the focus
                  take(each);
                }}
              >
                {each.word}
              </div>
            ))}
          </div>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Tokens({ model, text }: { model: string | null; text: string }) {
  const found = useTokens(model, text);
  if (!found) return null;
  const { tokens, room } = found;
  const windows = Math.max(1, Math.ceil(tokens / room));
  return (
    <small className="tokens" title={t("prompt.tokens", { count: tokens, room, windows, model })}>
      {tokens} / {room * windows}
    </small>
  );
}

export const promptWidget: Widget = {
  kind: "prompt",
  match: (input) => input.schema.type === "string" && hint(input) === "prompt",
  height: (input) => rowsOf(input) * LINE + AROUND,
  isLabelled: true,
  View: PromptView,
};
