/** What a result was made with beside its workflow, and how it is made again. */
import { Copy } from "lucide-react";
import { t } from "~/i18n/language";
import { type Fact, type Lock, type LockedFile, replayCommand } from "~/run/lock";
import { bytesText } from "~/ui/bytes";
import { complain, say } from "~/ui/notices";
import "./made.css";

interface Props {
  lock: Lock;
  /** The name of a file that carries the lock; null where none is at hand. */
  file: string | null;
}

export function MadeWith({ lock, file }: Props) {
  const command = file === null ? null : replayCommand(file);
  return (
    <section className="made" aria-label={t("made.title")}>
      <Files title={t("made.models")} files={lock.models} />
      <Files title={t("made.inputs")} files={lock.inputs} />
      <h3>{t("made.around")}</h3>
      <Facts facts={lock.facts} />
      {lock.nodes.length > 0 && (
        <details>
          <summary>{t("made.nodes")}</summary>
          <Facts facts={lock.nodes} />
        </details>
      )}
      {command !== null && (
        <>
          <h3>{t("made.again")}</h3>
          <p className="quiet-word">{t("made.how")}</p>
          <p className="command">
            <code>{command}</code>
            <button
              type="button"
              className="icon"
              aria-label={t("made.copy")}
              title={t("made.copy")}
              onClick={() => void copy(command)}
            >
              <Copy size={13} aria-hidden />
            </button>
          </p>
        </>
      )}
    </section>
  );
}

const SHORT = 10;

function Files({ title, files }: { title: string; files: readonly LockedFile[] }) {
  if (files.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {files.map(({ name, sha256, bytes, found }) => (
          <li key={name}>
            <span>{name}</span>
            {found && <small>{t("made.found", { name: found })}</small>}
            <small>
              <button
                type="button"
                className="hash"
                title={sha256}
                aria-label={t("made.hash", { name, short: sha256.slice(0, SHORT) })}
                onClick={() => void copy(sha256)}
              >
                {sha256.slice(0, SHORT)}…
              </button>
              {bytes !== null && ` · ${bytesText(bytes)}`}
            </small>
          </li>
        ))}
      </ul>
    </>
  );
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl>
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(t("made.copied"));
  } catch {
    complain(t("made.notCopied")); // the browser lets only pages of this machine, or of HTTPS
  }
}
