/** What a document was: the versions of the library, and those that this browser has kept. */
import { service } from "~/api/service";
import { openDocument } from "~/commands/files";
import { parseWorkflow } from "~/doc/file";
import { useKeeper } from "~/doc/keeping";
import type { Workflow } from "~/doc/model";
import { activeTab, replaceDocument } from "~/doc/tabs";
import { closeDialog } from "./dialogs";
import { Frame } from "./Frame";
import { say } from "./notices";
import { useLoaded } from "./useLoaded";

interface Past {
  key: string;
  time: number;
  word: string;
  load(): Promise<Workflow>;
}

async function pastOf(): Promise<Past[]> {
  const tab = activeTab();
  const kept = (await useKeeper.getState().keeper?.journal.versions(tab.id)) ?? [];
  const local = kept.map(({ time, label, text }) => ({
    key: `here ${time}`,
    time,
    word: label ? `kept here, after “${label}”` : "kept here",
    load: async () => parseWorkflow(text, "the version"),
  }));
  const name = tab.saved?.name;
  const told = name === undefined ? [] : (await service.versions(name)).versions;
  const saved = told.map(({ version, created, owner, note }) => ({
    key: `version ${version}`,
    time: Date.parse(created),
    word: [`version ${version}`, owner && owner !== "local" ? `by ${owner}` : "", note].filter(Boolean).join(", "),
    load: async () => (await service.workflow(name ?? "", version)).document as unknown as Workflow,
  }));
  return [...local, ...saved].sort((a, b) => b.time - a.time);
}

export default function VersionsDialog() {
  const past = useLoaded(pastOf);
  const act = (each: Past, how: (doc: Workflow) => void) =>
    void each
      .load()
      .then(how)
      .then(closeDialog)
      .catch((error: unknown) => say(error instanceof Error ? error.message : String(error), "problem"));
  return (
    <Frame title="Versions" size="wide">
      <ul className="versions">
        {past?.map((each) => (
          <li key={each.key}>
            <time dateTime={new Date(each.time).toISOString()}>{new Date(each.time).toLocaleString()}</time>
            <span>{each.word}</span>
            <button type="button" className="plain" onClick={() => act(each, (doc) => openDocument(doc))}>
              Open beside
            </button>
            <button type="button" className="plain" onClick={() => act(each, (doc) => replaceDocument("Restore", doc))}>
              Restore
            </button>
          </li>
        ))}
      </ul>
      {past?.length === 0 && <p className="quiet-word">Nothing was changed yet.</p>}
    </Frame>
  );
}
