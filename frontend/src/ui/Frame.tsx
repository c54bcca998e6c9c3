/** The frame of a dialog. */
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { closeDialog } from "./dialogs";

export function Frame({ title, children, size = "" }: { title: string; children: ReactNode; size?: string }) {
  return (
    <Dialog.Root open modal={false} onOpenChange={(open) => !open && closeDialog()}>
      <Dialog.Portal>
        <div className="veil dim" />
        <Dialog.Content className={`dialog ${size}`} aria-describedby={undefined}>
          <Dialog.Title>{title}</Dialog.Title>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
