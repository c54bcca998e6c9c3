/** The dialogs, one at a time. */

import { Command } from "cmdk";
import { lazy, Suspense, useState } from "react";
import type { SavedOut } from "~/api/generated/service";
import { service, thumbnailUrl } from "~/api/service";
import { keysOf } from "~/commands/bindings";
import { openSaved, saveAs } from "~/commands/files";
import { shownKeys } from "~/commands/keyname";
import { COMMANDS, groupTitle, titleNow, titleOf } from "~/commands/table";
import { t } from "~/i18n/language";
import { FileView, shortName } from "~/viewers/FileView";
import { closeDialog, type Dialog, openDialog, useDialog } from "./dialogs";
import { Frame } from "./Frame";
import { useLoaded } from "./useLoaded";

const TemplateDialog = lazy(() => import("./TemplateDialog"));
const VersionsDialog = lazy(() => import("./VersionsDialog"));
const CompareDialog = lazy(() => import("./CompareDialog"));
const KeysDialog = lazy(() => import("./KeysDialog"));
const SweepDialog = lazy(() => import("./SweepDialog"));
const LoginDialog = lazy(() => import("./LoginDialog"));
const MaskDialog = lazy(() => import("~/mask/MaskDialog"));
const MadeDialog = lazy(() => import("~/viewers/MadeDialog"));
const ResultDialog = lazy(() => import("~/viewers/ResultDialog"));

export function Dialogs() {
  const dialog = useDialog((state) => state.dialog);
  return <Suspense>{dialog && <Shown dialog={dialog} />}</Suspense>;
}

function Shown({ dialog }: { dialog: Dialog }) {
  switch (dialog.kind) {
    case "save":
      return <SaveDialog tab={dialog.tab} name={dialog.name} />;
    case "conflict":
      return <ConflictDialog tab={dialog.tab} name={dialog.name} />;
    case "library":
      return <LibraryDialog />;
    case "commands":
      return <CommandDialog />;
    case "keys":
      return <KeysDialog />;
    case "templates":
      return <TemplateDialog />;
    case "versions":
      return <VersionsDialog />;
    case "compare":
      return <CompareDialog />;
    case "sweep":
      return <SweepDialog target={dialog.target} />;
    case "login":
      return <LoginDialog />;
    case "mask":
      return <MaskDialog node={dialog.node} />;
    case "result":
      return <ResultDialog start={dialog.key} against={dialog.beside} />;
    case "made":
      return <MadeDialog job={dialog.job} />;
    case "file":
      return (
        <Frame title={shortName(dialog.file)} size="full">
          <FileView file={dialog.file} />
        </Frame>
      );
  }
}

function SaveDialog({ tab, name }: { tab: string; name: string }) {
  const [typed, setTyped] = useState(name);
  const submit = async () => {
    closeDialog();
    await saveAs(tab, typed.trim(), 0);
  };
  return (
    <Frame title={t("save.title")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.trim()) void submit();
        }}
      >
        <input
          className="line"
          aria-label={t("save.name")}
          placeholder={t("save.name")}
          maxLength={200}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <footer>
          <button type="button" className="plain" onClick={closeDialog}>
            {t("save.cancel")}
          </button>
          <button type="submit" className="primary" disabled={!typed.trim()}>
            {t("save.save")}
          </button>
        </footer>
      </form>
    </Frame>
  );
}

/** Somebody else has saved under the name: nothing is written over, and both stay. */
function ConflictDialog({ tab, name }: { tab: string; name: string }) {
  const newest = useLoaded(() => service.versions(name).then(({ versions }) => versions[0]));
  return (
    <Frame title={t("conflict.title", { name })}>
      <p>
        {newest
          ? t(newest.owner && newest.owner !== "local" ? "conflict.savedBy" : "conflict.saved", {
              version: newest.version,
              time: new Date(newest.created).toLocaleString(),
              owner: newest.owner,
            })
          : t("conflict.meanwhile")}
      </p>
      <footer>
        <button type="button" className="plain" onClick={() => void openSaved(name, newest?.version).then(closeDialog)}>
          {t("conflict.beside")}
        </button>
        <button type="button" className="plain" onClick={() => openDialog({ kind: "save", tab, name: `${name} 2` })}>
          {t("conflict.other")}
        </button>
        <button
          type="button"
          className="primary"
          disabled={!newest}
          onClick={() => {
            closeDialog();
            if (newest) void saveAs(tab, name, newest.version);
          }}
        >
          {t("conflict.mine", { version: (newest?.version ?? 0) + 1 })}
        </button>
      </footer>
    </Frame>
  );
}

function LibraryDialog() {
  const found = useLoaded(() => service.workflows().then(({ workflows }) => workflows));
  const [query, setQuery] = useState("");
  const words = query.trim().toLowerCase();
  const shown = (found ?? []).filter(({ newest }) => `${newest.name} ${newest.title}`.toLowerCase().includes(words));
  return (
    <Frame title={t("library.title")} size="wide">
      <input
        className="line"
        placeholder={t("list.search")}
        aria-label={t("list.search")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <ul className="library">
        {shown.map((each) => (
          <li key={each.newest.name}>
            <SavedView saved={each} />
          </li>
        ))}
      </ul>
      {found && shown.length === 0 && (
        <p className="quiet-word">{found.length ? t("list.none") : t("library.empty")}</p>
      )}
    </Frame>
  );
}

function SavedView({ saved: { newest, has_thumbnail } }: { saved: SavedOut }) {
  return (
    <button type="button" onClick={() => void openSaved(newest.name).then(closeDialog)}>
      {has_thumbnail ? <img src={thumbnailUrl(newest.name)} alt="" /> : <span className="blank" aria-hidden />}
      <b>{newest.name}</b>
      <small>
        {t("library.version", { version: newest.version })} · {new Date(newest.created).toLocaleDateString()}
      </small>
    </button>
  );
}

function CommandDialog() {
  return (
    <Frame title={t("palette.commands")}>
      <Command loop label={t("palette.commands")}>
        <Command.Input autoFocus placeholder={t("palette.what")} />
        <Command.List>
          <Command.Empty>{t("list.none")}</Command.Empty>
          {COMMANDS.filter((each) => each.id !== "commands").map((each) => (
            <Command.Item
              key={each.id}
              value={`${titleOf(each)} ${groupTitle(each.group)}`}
              disabled={each.can?.() === false}
              onSelect={() => {
                closeDialog();
                each.run();
              }}
            >
              <span>{titleNow(each)}</span>
              <kbd>{shownKeys(keysOf(each)[0] ?? "")}</kbd>
            </Command.Item>
          ))}
        </Command.List>
      </Command>
    </Frame>
  );
}
