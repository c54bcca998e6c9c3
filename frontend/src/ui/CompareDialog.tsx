/** What to compare the document with: another that is open, a version, a result, or a file. */
import { useRef } from "react";
import { compare, inFile } from "~/commands/comparing";
import { compareTab } from "~/doc/comparing";
import { activeTab, titleOf, useTabs } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { closeDialog, openDialog } from "./dialogs";
import { Frame } from "./Frame";

export default function CompareDialog() {
  const tabs = useTabs((state) => state.tabs);
  const active = useTabs((state) => state.active);
  const picker = useRef<HTMLInputElement>(null);
  const others = tabs.filter((tab) => tab.id !== active);
  return (
    <Frame title={t("compare.title")}>
      <ul className="choices">
        {others.map((tab) => (
          <li key={tab.id}>
            <button
              type="button"
              onClick={() => {
                compareTab(activeTab().id, { doc: tab.doc, word: titleOf(tab) });
                closeDialog();
              }}
            >
              {titleOf(tab)} <small>{t("compare.open")}</small>
            </button>
          </li>
        ))}
        <li>
          <button type="button" onClick={() => openDialog({ kind: "versions" })}>
            {t("compare.versions")}
          </button>
        </li>
        <li>
          <button type="button" onClick={() => picker.current?.click()}>
            {t("compare.file")} <small>{t("compare.drop")}</small>
          </button>
        </li>
      </ul>
      <input
        ref={picker}
        type="file"
        hidden
        accept=".json,image/png"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (!file) return;
          closeDialog();
          void compare(inFile(file, file.name));
        }}
      />
    </Frame>
  );
}
