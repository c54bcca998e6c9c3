import { useEffect, useState } from "react";

/** What is loaded once, when a part of the page opens; undefined until then, and where it cannot be had. */
export function useLoaded<T>(load: () => Promise<T>): T | undefined {
  const [found, setFound] = useState<T>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: loaded once, when it opens
  useEffect(() => {
    let isAlive = true;
    load()
      .then((data) => isAlive && setFound(data))
      .catch(() => {});
    return () => {
      isAlive = false;
    };
  }, []);
  return found;
}
