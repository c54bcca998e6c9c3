/** Workflows in files: JSON; and what a PNG carries, which can be read here. */
import { parseJson, writeJson } from "~/api/json";
import { t } from "~/i18n/language";
import type { Workflow } from "./model";

const KEYWORD = "graphengine.workflow";
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export class NoWorkflow extends Error {}

const BEGINNING = 64;

const BODY = /^(ply\r?\n|# graphengine: )/; // PLY and OBJ are text, as the service saves them

/** Whether a file that begins so may be JSON: text, and of no kind that carries a workflow. */
export function isDocument(beginning: Uint8Array): boolean {
  const bytes = beginning.subarray(0, BEGINNING);
  const isText = bytes.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13);
  return isText && !BODY.test(new TextDecoder().decode(bytes));
}

/** @throws NoWorkflow with what is wrong, for people. */
export function parseWorkflow(text: string, name: string): Workflow {
  let data: unknown;
  try {
    data = parseJson(text);
  } catch {
    throw new NoWorkflow(t("file.noJson", { name }));
  }
  return checkedWorkflow(data, name);
}

/** Returns what was read of a file; null where it carries nothing. @throws NoWorkflow with what is wrong, for people. */
export function checkedWorkflow(data: unknown, name: string): Workflow {
  if (data === null) throw new NoWorkflow(t("file.carriesNone", { name }));
  if (typeof data !== "object" || (data as Workflow).format !== KEYWORD) {
    throw new NoWorkflow(t("file.other", { name }));
  }
  if ((data as Workflow).version !== 1) throw new NoWorkflow(t("file.newer", { name }));
  return data as Workflow;
}

export function workflowText(doc: Workflow): string {
  return `${writeJson(doc, 2)}\n`;
}

/** The text of the last iTXt chunk of ours in a PNG; the service writes it without compression. */
export function pngText(bytes: Uint8Array): string | null {
  if (!SIGNATURE.every((byte, index) => bytes[index] === byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const latin = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  let found: string | null = null;
  for (let at = SIGNATURE.length; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const begin = at + 8;
    const isOurs = latin(at + 4, at + 8) === "iTXt" && latin(begin, begin + KEYWORD.length + 1) === `${KEYWORD}\0`;
    if (isOurs) found = itxt(bytes.subarray(begin + KEYWORD.length + 1, begin + length)) ?? found;
    at = begin + length + 4;
  }
  return found;
}

/** The text behind the keyword: a flag, a method, a language and a translated keyword come before it. */
function itxt(rest: Uint8Array): string | null {
  if (rest[0] !== 0) return null;
  const language = rest.indexOf(0, 2);
  const translated = rest.indexOf(0, language + 1);
  return translated < 0 ? null : new TextDecoder().decode(rest.subarray(translated + 1));
}
