/** The service wants to know who comes: a token, which is then kept where no script reads it. */

import { useState } from "react";
import { service } from "~/api/service";
import { t } from "~/i18n/language";
import { Frame } from "./Frame";

export default function LoginDialog() {
  const [token, setToken] = useState("");
  const [word, setWord] = useState("");
  const submit = async () => {
    try {
      await service.login(token.trim());
      location.reload();
    } catch (error) {
      setWord(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Frame title={t("login.title")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p className="quiet-word">{t("login.asks")}</p>
        <input
          className="line"
          type="password"
          aria-label={t("login.token")}
          placeholder={t("login.token")}
          autoComplete="current-password"
          aria-invalid={word !== ""}
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        {word && (
          <p className="problem" role="alert">
            {word}
          </p>
        )}
        <footer>
          <button type="submit" className="primary" disabled={!token.trim()}>
            {t("login.enter")}
          </button>
        </footer>
      </form>
    </Frame>
  );
}
