/** Two pictures on one another, and a line between them that is moved by the hand or by arrow keys. */

import { type CSSProperties, type PointerEvent, useState } from "react";
import { resultUrl } from "~/api/service";
import { t } from "~/i18n/language";
import type { Result } from "~/run/results";
import { shortName } from "./FileView";

const nameOf = ({ number, file }: Result) => `#${number} ${shortName(file)}`;

export function Compare({ left, right }: { left: Result; right: Result }) {
  const [share, setShare] = useState(50);
  const follow = (event: PointerEvent<HTMLDivElement>) => {
    if (event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    setShare(Math.min(Math.max(((event.clientX - box.left) / box.width) * 100, 0), 100));
  };
  return (
    <figure className="viewer">
      <div
        className="compare"
        style={{ "--share": `${share}%` } as CSSProperties}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          follow(event);
        }}
        onPointerMove={follow}
      >
        <img src={resultUrl(left.file.digest)} alt={t("result.left", { name: nameOf(left) })} draggable={false} />
        <img
          className="over"
          src={resultUrl(right.file.digest)}
          alt={t("result.right", { name: nameOf(right) })}
          draggable={false}
        />
        <i aria-hidden />
        <input
          type="range"
          min={0}
          max={100}
          step={0.1}
          value={share}
          aria-label={t("result.split")}
          onChange={({ target }) => setShare(target.valueAsNumber)}
        />
      </div>
      <figcaption>
        <span>{nameOf(left)}</span>
        <span aria-hidden>·</span>
        <span>{nameOf(right)}</span>
      </figcaption>
    </figure>
  );
}
