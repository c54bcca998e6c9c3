/** The sentences of the service about a workflow, as the reader shall see them. */
import type { NoticeOut, ProblemOut, ReasonOut } from "~/api/generated/service";
import { told } from "~/i18n/language";

export const problemText = ({ code, message, values }: ProblemOut): string =>
  told("problems", code, message, values ?? {});

export const noticeText = ({ code, message, values }: NoticeOut): string =>
  told("notices", code, message, values ?? {});

export const reasonText = (reason: ReasonOut): string => told("reasons", reason.code, reason.message, { ...reason });

/** The language of a sentence, for those who hear it, where it is as the service said it: that speaks English. */
export const langOf = (shown: string, said: string): "en" | undefined => (shown === said ? "en" : undefined);
