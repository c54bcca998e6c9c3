/** What usually follows what, learnt from the workflows that come along, and from those that are open. */
import { create } from "zustand";
import { finder } from "~/catalog/store";
import type { Workflow } from "~/doc/model";
import { useTabs } from "~/doc/tabs";
import { TEMPLATES } from "~/ui/templates";
import { type Habits, habitsOf } from "./next";

interface Learnt {
  habits: Habits;
  state: "new" | "learning" | "learnt";
}

export const useHabits = create<Learnt>()(() => ({ habits: new Map(), state: "new" }));

/** Reads the workflows that come along, once. */
export async function learn(): Promise<void> {
  if (useHabits.getState().state !== "new") return;
  useHabits.setState({ state: "learning" });
  const found = await Promise.allSettled(TEMPLATES.map((template) => template.load()));
  const docs = found.flatMap((each) => (each.status === "fulfilled" ? [each.value as Workflow] : []));
  const own = useTabs.getState().tabs.map((tab) => tab.doc);
  useHabits.setState({ habits: habitsOf(finder(), [...docs, ...own]), state: "learnt" });
}
