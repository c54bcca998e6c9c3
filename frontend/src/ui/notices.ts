/** Short words to the person, read out too; what is wrong with a node stands at the node, never only here. */
import { create } from "zustand";

export interface Notice {
  id: number;
  text: string;
  kind: "done" | "problem";
}

export const useNotices = create<{ notices: readonly Notice[] }>()(() => ({ notices: [] }));

let count = 0;

/** Says what went wrong. */
export const complain = (error: unknown): void => say(messageOf(error), "problem");

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function say(text: string, kind: Notice["kind"] = "done"): void {
  const notice = { id: ++count, text, kind };
  useNotices.setState(({ notices }) => ({ notices: [...notices.slice(-2), notice] }));
  setTimeout(() => dismiss(notice.id), kind === "problem" ? 8_000 : 3_000);
}

export function dismiss(id: number): void {
  useNotices.setState(({ notices }) => ({ notices: notices.filter((each) => each.id !== id) }));
}
