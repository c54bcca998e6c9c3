/** The workflow in a file. What is no text is read by the service: it knows every kind that carries one. */
import { Unreachable } from "~/api/http";
import { service } from "~/api/service";
import { checkedWorkflow, isDocument, NoWorkflow, parseWorkflow, pngText } from "~/doc/file";
import type { Workflow } from "~/doc/model";
import { t } from "~/i18n/language";

const KINDS = /^(image|video|model)\//;
const MOST_OTHER = 256 * 2 ** 20; // of a kind that the browser cannot name: more is rather a model than a result

/** @throws NoWorkflow with what is wrong, for people; Refused or Unreachable where the service reads nothing. */
export async function workflowIn(file: Blob, name: string): Promise<Workflow> {
  if (isDocument(new Uint8Array(await file.slice(0, 64).arrayBuffer()))) return parseWorkflow(await file.text(), name);
  if (!KINDS.test(file.type) && file.size > MOST_OTHER) throw new NoWorkflow(t("file.carriesNone", { name }));
  let told: unknown;
  try {
    told = (await service.carriedIn(file)).workflow;
  } catch (error) {
    return parseWorkflow(await readHere(file, name, error), name);
  }
  return checkedWorkflow(told ?? null, name);
}

/** The workflow that made a result, which the service has. */
export async function workflowBehind(digest: string, name: string): Promise<Workflow> {
  return checkedWorkflow((await service.carriedBy(digest)).workflow ?? null, name);
}

/** What can be read without the service, which gave an error in place of an answer. */
async function readHere(file: Blob, name: string, error: unknown): Promise<string> {
  const text = file.size > MOST_OTHER ? null : pngText(new Uint8Array(await file.arrayBuffer()));
  if (text !== null) return text;
  throw error instanceof Unreachable ? new Unreachable(t("file.unread", { name })) : error;
}
