/** Which dialog is open. */
import { create } from "zustand";
import type { Address } from "~/doc/model";
import type { ResultFile } from "~/run/jobs";

export type Dialog =
  | { kind: "save"; tab: string; name: string }
  | { kind: "conflict"; tab: string; name: string }
  | { kind: "library" }
  | { kind: "commands" }
  | { kind: "keys" }
  | { kind: "templates" }
  | { kind: "versions" }
  | { kind: "compare" }
  | { kind: "sweep"; target: Address | null }
  | { kind: "login" }
  | { kind: "mask"; node: string }
  | { kind: "file"; file: ResultFile }
  | { kind: "made"; job: string }
  | { kind: "result"; key: string; beside?: string };

export const useDialog = create<{ dialog: Dialog | null }>()(() => ({ dialog: null }));

export const openDialog = (dialog: Dialog) => useDialog.setState({ dialog });
export const closeDialog = () => useDialog.setState({ dialog: null });
