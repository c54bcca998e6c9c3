/** The frame around just what is selected: its name and its colour. */

import { COLOURS } from "~/canvas/FrameView";
import { type Frame, framesOf, membersOf, removeFrame, setFrame } from "~/doc/frames";
import type { Part } from "~/doc/model";
import { edit } from "~/doc/tabs";
import { t } from "~/i18n/language";

/** The innermost frame whose nodes are just these, or null. */
export function frameAround(part: Part, nodes: ReadonlySet<string>): Frame | null {
  const frames = framesOf(part);
  const isIt = ({ id }: Frame) => {
    const members = membersOf(frames, id);
    return members.size === nodes.size && [...members].every((name) => nodes.has(name));
  };
  return nodes.size > 0 ? (frames.find(isIt) ?? null) : null;
}

export function FramePanel({ frame: { id, title, colour }, count }: { frame: Frame; count: number }) {
  const colours = [["plain", ""], ...Object.entries(COLOURS)] as const;
  return (
    <section className="frame-panel" aria-label={t("frame.title")}>
      <p className="path">{t("frame.title")}</p>
      <input
        className="title"
        aria-label={t("frame.name")}
        placeholder={t("frame.title")}
        value={title}
        onChange={(event) => {
          const text = event.target.value;
          edit(t("did.renameFrame"), (part) => setFrame(part, id, "title", text), `frame ${id}`);
        }}
      />
      <p className="quiet-word">{t("frame.count", { count })}</p>
      <p className="swatches">
        {colours.map(([name = "", value = ""]) => (
          <button
            key={name}
            type="button"
            aria-label={t(`frame.colours.${name}`)}
            title={t(`frame.colours.${name}`)}
            aria-pressed={(colour ?? "") === value}
            style={{ background: value || "var(--faint)" }}
            onClick={() => edit(t("did.colourFrame"), (part) => setFrame(part, id, "colour", value || undefined))}
          />
        ))}
        <button
          type="button"
          className="plain"
          onClick={() => edit(t("did.removeFrame"), (part) => removeFrame(part, id))}
        >
          {t("frame.remove")}
        </button>
      </p>
    </section>
  );
}
