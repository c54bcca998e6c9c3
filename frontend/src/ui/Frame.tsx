/** The frame of a dialog. */
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { t } from "~/i18n/language";
import { closeDialog } from "./dialogs";

export function Frame({ title, children, size = "" }: { title: string; children: ReactNode; size?: string }) {
  return (
    <Dialog.Root open modal={false} onOpenChange={(open) => !open && closeDialog()}>
      <Dialog.Portal>
        <div className="veil dim" />
        <Dialog.Content className={`dialog ${size}`} aria-describedby={undefined}>
          <Dialog.Title>{title}</Dialog.Title>
          <div className="body">{children}</div>
          {/* the last, so that what is asked for has the focus first */}
          <Dialog.Close className="icon close" aria-label={t("dialog.close")} title={t("dialog.close")}>
            <X size={15} aria-hidden />
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
