/** Which model files a document names. */
import type { SocketFinder } from "~/catalog/sockets";
import type { Workflow } from "./model";

const MODELS = "models";

export function modelsOf(doc: Workflow, finder: SocketFinder): string[] {
  const found = new Set<string>();
  for (const part of [doc, ...Object.values(doc.subgraphs ?? {})]) {
    for (const node of Object.values(part.nodes ?? {})) {
      for (const input of finder.of(node.type, doc)?.inputs ?? []) {
        const value = node.inputs?.[input.name];
        if (input.roots?.includes(MODELS) && typeof value === "string") found.add(value);
      }
    }
  }
  return [...found];
}
