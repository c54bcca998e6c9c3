/** The value of an output: what is known is shown at once, what would have to run is offered. */
import { useCallback, useEffect, useRef, useState } from "react";
import { writeJson } from "~/api/json";
import { duration } from "~/canvas/status";
import { finder } from "~/catalog/store";
import type { Address } from "~/doc/model";
import { activeTab } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { type Missing, type Peeked, peek, peekAtKnown } from "~/run/peek";
import { bytesText } from "~/ui/bytes";
import { messageOf } from "~/ui/notices";

type Found = { state: "waiting" } | { state: "wrong"; message: string } | Peeked | Missing;

interface Props {
  source: Address;
  type: string;
}

export function Value({ source: { node, name }, type }: Props) {
  const [found, setFound] = useState<Found>({ state: "waiting" });
  const looking = useRef<AbortController>(null);
  const look = useCallback(
    async (how: typeof peek | typeof peekAtKnown) => {
      looking.current?.abort();
      const now = new AbortController();
      const { signal } = now;
      looking.current = now;
      const { doc, path } = activeTab();
      const settle = (told: Found) => {
        if (!signal.aborted) setFound(told);
        else if ("picture" in told && told.picture) URL.revokeObjectURL(told.picture);
      };
      setFound({ state: "waiting" });
      try {
        settle(await how({ doc, path, source: { node, name }, type }, finder(), signal));
      } catch (error) {
        settle({ state: "wrong", message: messageOf(error) });
      }
    },
    [node, name, type],
  );
  useEffect(() => {
    void look(peekAtKnown);
    return () => looking.current?.abort();
  }, [look]);
  useEffect(() => {
    const url = "picture" in found ? found.picture : undefined;
    return () => {
      if (url) URL.revokeObjectURL(url);
    };
  }, [found]);
  if ("state" in found)
    return <p className="quiet-word">{found.state === "waiting" ? t("value.looking") : found.message}</p>;
  if ("runs" in found)
    return (
      <p className="quiet-word missing-value">
        {t("value.missing")}
        <button type="button" className="fix" onClick={() => void look(peek)}>
          {t("value.run", { count: found.runs })}
          {found.seconds >= 0.05 ? ` · ~${duration(found.seconds)}` : ""}
        </button>
      </p>
    );
  return <Shown found={found} />;
}

function Shown({ found }: { found: Peeked }) {
  const { picture, width, height, value, description, type } = found;
  return (
    <figure className="value">
      {picture && <img src={picture} alt={t("value.picture")} className={(width ?? 0) < 200 ? "enlarged" : ""} />}
      {value === undefined ? null : <pre>{typeof value === "string" ? value : writeJson(value, 2)}</pre>}
      {value === undefined && (
        <figcaption>{described(description) || (picture ? `${width} × ${height}` : type)}</figcaption>
      )}
    </figure>
  );
}

/** The service's line as people read it: signs between sizes, and no more digits of bytes than are of use. */
function described(line = ""): string {
  return line
    .replace(/(?<=\d)x(?=\d)/g, " × ")
    .replace(/([\d,]+) bytes/g, (_, bytes: string) => bytesText(Number(bytes.replaceAll(",", ""))));
}
