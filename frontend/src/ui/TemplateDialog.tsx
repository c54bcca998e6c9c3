/** The gallery: workflows to begin with, with what they make and the models they need. */

import { Workflow } from "lucide-react";
import { useState } from "react";
import { useCatalog } from "~/catalog/store";
import { openDocument } from "~/commands/files";
import type { Workflow as Document } from "~/doc/model";
import { modelsOf } from "~/doc/models";
import { t } from "~/i18n/language";
import { closeDialog } from "./dialogs";
import { Frame } from "./Frame";
import { TEMPLATES, type Template } from "./templates";
import { useLoaded } from "./useLoaded";

interface Loaded {
  template: Template;
  doc: Document;
}

export default function TemplateDialog() {
  const loaded = useLoaded(() =>
    Promise.all(TEMPLATES.map(async (template): Promise<Loaded> => ({ template, doc: await template.load() }))),
  );
  const [query, setQuery] = useState("");
  const words = query.trim().toLowerCase();
  const shown = (loaded ?? []).filter(({ doc }) => `${doc.title} ${doc.description}`.toLowerCase().includes(words));
  return (
    <Frame title={t("templates.title")} size="wide">
      <input
        className="line"
        placeholder={t("list.search")}
        aria-label={t("list.search")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <ul className="library gallery">
        {shown.map((each) => (
          <li key={each.template.name}>
            <Card loaded={each} />
          </li>
        ))}
      </ul>
      {loaded && shown.length === 0 && <p className="quiet-word">{t("list.none")}</p>}
    </Frame>
  );
}

function Card({ loaded: { template, doc } }: { loaded: Loaded }) {
  const models = modelsOf(
    doc,
    useCatalog((state) => state.finder),
  );
  const open = () => {
    closeDialog();
    openDocument(doc);
  };
  return (
    <button type="button" onClick={open}>
      {template.picture ? (
        <img src={template.picture} alt="" loading="lazy" decoding="async" />
      ) : (
        <span className="blank" aria-hidden>
          <Workflow size={36} strokeWidth={1.2} />
        </span>
      )}
      <b>{doc.title || template.name}</b>
      <span className="about">{doc.description}</span>
      {models.length > 0 && <small>{t("templates.needs", { models: models.join(", ") })}</small>}
    </button>
  );
}
