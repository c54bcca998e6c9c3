/** Workflows in files: JSON, or a PNG that carries the workflow that made it. */
import { parseJson, writeJson } from "~/api/json";
import type { Workflow } from "./model";

const KEYWORD = "graphengine.workflow";
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export class NoWorkflow extends Error {}

/** @throws NoWorkflow with what is wrong, for people. */
export async function workflowOf(file: Blob, name: string): Promise<Workflow> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isPicture = SIGNATURE.every((byte, index) => bytes[index] === byte);
  const text = isPicture ? pngText(bytes) : new TextDecoder().decode(bytes);
  if (text === null) throw new NoWorkflow(`${name} carries no workflow`);
  return parseWorkflow(text, name);
}

/** @throws NoWorkflow */
export function parseWorkflow(text: string, name: string): Workflow {
  let data: unknown;
  try {
    data = parseJson(text);
  } catch {
    throw new NoWorkflow(`${name} is not JSON`);
  }
  if (data === null || typeof data !== "object" || (data as Workflow).format !== KEYWORD) {
    throw new NoWorkflow(`${name} is not a workflow of graphengine`);
  }
  if ((data as Workflow).version !== 1) throw new NoWorkflow(`${name} was made by a newer version`);
  return data as Workflow;
}

export function workflowText(doc: Workflow): string {
  return `${writeJson(doc, 2)}\n`;
}

/** The text of the last iTXt chunk of ours; the service writes it without compression. */
function pngText(bytes: Uint8Array): string | null {
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
