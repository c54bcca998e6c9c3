/** Which dialog is open. */
import { create } from "zustand";

export type Dialog =
  | { kind: "save"; tab: string; name: string }
  | { kind: "conflict"; tab: string; name: string }
  | { kind: "library" }
  | { kind: "commands" }
  | { kind: "keys" };

export const useDialog = create<{ dialog: Dialog | null }>()(() => ({ dialog: null }));

export const openDialog = (dialog: Dialog) => useDialog.setState({ dialog });
export const closeDialog = () => useDialog.setState({ dialog: null });
