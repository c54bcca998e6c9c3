/** What the service tells of the models that prompts are for: how many tokens a text is, and which words they know. */
import { useEffect, useState } from "react";
import type { ModelView, TokensOut } from "~/api/generated/service";
import { service } from "~/api/service";

const PAUSE = 250; // milliseconds without a key, after which it is counted

let asked: Promise<ReadonlyMap<string, ModelView>> | null = null;

/** The models by the name that a document gives them; asked for once, and again where one is not among them. */
export async function modelsOf(wanted?: string): Promise<ReadonlyMap<string, ModelView>> {
  const known = await asked?.catch(() => null);
  if (known && (wanted === undefined || known.has(wanted))) return known;
  asked = service.models().then(({ models }) => new Map(models.map((model) => [model.name, model])));
  return asked;
}

/** The tokens of a text for a model, once the hands rest; null where nobody knows. */
export function useTokens(model: string | null, text: string): TokensOut | null {
  const [found, setFound] = useState<{ model: string; told: TokensOut } | null>(null);
  useEffect(() => {
    if (model === null) return;
    const stop = new AbortController();
    const count = async () => {
      const id = (await modelsOf(model)).get(model)?.id;
      const told = id === undefined ? null : await service.tokens(id, text, stop.signal);
      if (!stop.signal.aborted) setFound(told && { model, told });
    };
    const timer = setTimeout(() => void count().catch(() => stop.signal.aborted || setFound(null)), PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [model, text]);
  return found?.model === model ? found.told : null;
}

const words = new Map<string, Promise<readonly string[]>>();

/** The words that a model knows whole, the most frequent first; none where nobody knows. */
export function wordsOf(model: string): Promise<readonly string[]> {
  const known = words.get(model);
  if (known) return known;
  const told = modelsOf(model)
    .then((models) => models.get(model)?.id)
    .then((id) => (id === undefined ? [] : service.words(id).then((found) => found.words)))
    .catch(() => {
      words.delete(model); // it is asked again, when somebody wants to know
      return [];
    });
  words.set(model, told);
  return told;
}
