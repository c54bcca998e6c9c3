/** What the person thinks of a result: stars, or which of two is better; the same again takes it back. */
import { Star } from "lucide-react";
import { useEffect, useState } from "react";
import type { RatingView } from "~/api/generated/service";
import { service } from "~/api/service";
import { t } from "~/i18n/language";
import type { Result } from "~/run/results";
import { complain } from "~/ui/notices";

const STARS = [1, 2, 3, 4, 5] as const;

export function Stars({ of }: { of: Result }) {
  const [said, change] = useSaid(of.file.digest, ({ second }) => second === null);
  const given = said?.stars ?? 0;
  const give = (stars: number) => void change(given === stars ? null : service.star({ ...rated(of), stars }));
  return (
    <fieldset className="stars" aria-label={t("result.rating")}>
      {STARS.map((count) => (
        <button
          key={count}
          type="button"
          className="plain"
          aria-pressed={given === count}
          aria-label={t("result.stars", { count })}
          title={t("result.stars", { count })}
          onClick={() => give(count)}
        >
          <Star size={14} aria-hidden fill={count <= given ? "currentColor" : "none"} />
        </button>
      ))}
    </fieldset>
  );
}

const SIDES = ["left", "neither", "right"] as const;
const WORDS = { left: "result.isLeft", neither: "result.isSame", right: "result.isRight" } as const;

export function Better({ left, right }: { left: Result; right: Result }) {
  const other = right.file.digest;
  const [said, change] = useSaid(left.file.digest, ({ first, second }) => {
    return second !== null && (first.digest === other || second.digest === other);
  });
  if (left.file.digest === other) return null;
  const isFirst = said?.first.digest === left.file.digest;
  const chosen = said?.better && sideOf(said.better, isFirst);
  const choose = (side: (typeof SIDES)[number]) => {
    const better = side === "neither" ? side : side === "left" ? "first" : "second";
    void change(chosen === side ? null : service.prefer({ first: rated(left), second: rated(right), better }));
  };
  return (
    <fieldset className="better" aria-label={t("result.better")}>
      <span aria-hidden>{t("result.better")}</span>
      {SIDES.map((side) => (
        <button key={side} type="button" className="plain" aria-pressed={chosen === side} onClick={() => choose(side)}>
          {t(WORDS[side])}
        </button>
      ))}
    </fieldset>
  );
}

const rated = ({ job, file }: Result) => ({ job, digest: file.digest });

function sideOf(better: NonNullable<RatingView["better"]>, isFirst: boolean): (typeof SIDES)[number] {
  if (better === "neither") return better;
  return (better === "first") === isFirst ? "left" : "right";
}

/** What was said of a result, and how it is said anew: null takes it back. */
function useSaid(digest: string, isMeant: (rating: RatingView) => boolean) {
  const [ratings, setRatings] = useState<readonly RatingView[]>([]);
  useEffect(() => {
    let isGone = false;
    setRatings([]);
    service.ratings(digest).then((found) => isGone || setRatings(found.ratings), complain);
    return () => {
      isGone = true;
    };
  }, [digest]);
  const said = ratings.find(isMeant) ?? null;
  const change = async (next: Promise<RatingView> | null) => {
    try {
      await (next ?? (said && service.unrate(said.number)));
      setRatings((await service.ratings(digest)).ratings);
    } catch (error) {
      complain(error);
    }
  };
  return [said, change] as const;
}
