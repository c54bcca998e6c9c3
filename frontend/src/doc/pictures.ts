/** Pictures in a document: nodes that load a file, and the masks that were painted over them. */
import type { Draft } from "immer";
import type { Sockets } from "~/catalog/catalog";
import type { SocketFinder } from "~/catalog/sockets";
import { addNode, setLook, setTitle, setValue } from "./edit";
import type { Part, Point, Workflow } from "./model";

const ASSET = "assets:";

const SHOWN = new Set(["Image", "Mask"]);

/** The input of a node for the file that it makes a picture of, or null if it makes none, or of something else too. */
function pictureInput(node: Sockets): string | null {
  const file = node.inputs.find((input) => input.type === "File");
  const isAlone = node.inputs.every((input) => input === file || !input.required);
  return file && isAlone && node.outputs.some(({ type }) => SHOWN.has(type)) ? file.name : null;
}

/** The type of node that makes a picture of a file, and its input, as the catalogue has them; the plainest of them. */
export function loaderOf(finder: SocketFinder): { type: string; input: string } | null {
  const nodes = [...finder.catalog.nodes.values()].sort((a, b) => a.inputs.length - b.inputs.length);
  for (const node of nodes) {
    const input = pictureInput(node);
    if (input !== null && node.outputs.some(({ type }) => type === "Image")) return { type: node.id, input };
  }
  return null;
}

/** The file that a node loads a picture from: its input and, where it was uploaded, its digest. */
export function fileOf(finder: SocketFinder, doc: Workflow, part: Part, name: string) {
  const node = part.nodes?.[name];
  const sockets = node ? finder.of(node.type, doc) : null;
  const input = sockets ? pictureInput(sockets) : null;
  if (!node || input === null) return null;
  const value = node.inputs?.[input];
  return { input, digest: typeof value === "string" ? digestOf(value) : null };
}

export function digestOf(reference: string): string | null {
  return reference.startsWith(ASSET) ? reference.slice(ASSET.length) : null;
}

/** The node that holds the mask painted over a node's picture, or null. */
export function maskOf(part: Part, picture: string): string | null {
  const places = Object.entries(part.view?.nodes ?? {});
  return places.find(([name, look]) => look.masks === picture && part.nodes?.[name])?.[0] ?? null;
}

/** Sets the mask of a picture, in a node of its own with a title at a free place. Returns that node. */
export function setMask(
  part: Draft<Part>,
  picture: string,
  loader: { type: string; input: string },
  file: string,
  at: Point,
  title: string,
): string {
  const known = maskOf(part as Part, picture);
  if (known !== null) {
    setValue(part, { node: known, name: loader.input }, file);
    return known;
  }
  const name = addNode(part, { type: loader.type, inputs: { [loader.input]: file } }, at, "mask");
  setTitle(part, name, title);
  setLook(part, name, "masks", picture);
  return name;
}
