/** Frames: named areas around nodes, in the view. Nodes and frames say which they are in, so their place follows. */
import type { Draft } from "immer";
import type { Part } from "./model";
import { freeName } from "./names";

export interface Frame {
  id: string;
  title: string;
  /** The nodes directly in it. */
  nodes: readonly string[];
  /** The frame that it is in. */
  parent: string | null;
  colour: string | null;
  isCollapsed: boolean;
}

type PartDraft = Draft<Part>;
type Written = Record<string, unknown>;

const NONE: readonly Frame[] = [];
const known = new WeakMap<object, readonly Frame[]>();

/** The frames of a part, as far as they are ones. The same array for the same view. */
export function framesOf(part: Part): readonly Frame[] {
  const written = part.view?.frames;
  if (!written || written.length === 0) return NONE;
  let found = known.get(written);
  if (!found) {
    const ids = new Set(written.map((each) => each.id));
    found = written.flatMap((each) => {
      if (typeof each.id !== "string") return [];
      const nodes = (Array.isArray(each.nodes) ? each.nodes : []).filter((name) => typeof name === "string");
      const parent = typeof each.parent === "string" && ids.has(each.parent) ? each.parent : null;
      const colour = typeof each.colour === "string" ? each.colour : null;
      const title = typeof each.title === "string" ? each.title : "";
      return [{ id: each.id, title, nodes, parent, colour, isCollapsed: each.collapsed === true }];
    });
    known.set(written, found);
  }
  return found;
}

/** The frames around a frame, itself first, the outermost last. */
export function chainOf(frames: readonly Frame[], id: string | null): Frame[] {
  const chain: Frame[] = [];
  for (let here = frames.find((each) => each.id === id); here && !chain.includes(here); ) {
    chain.push(here);
    const { parent }: Frame = here;
    here = frames.find((each) => each.id === parent);
  }
  return chain;
}

/** All nodes in a frame, those of the frames in it included. */
export function membersOf(frames: readonly Frame[], id: string): Set<string> {
  const inside = frames.filter((each) => chainOf(frames, each.id).some((around) => around.id === id));
  return new Set(inside.flatMap((each) => each.nodes));
}

/** The frame that a node is directly in. */
export function frameOf(frames: readonly Frame[], node: string): string | null {
  return frames.find((each) => each.nodes.includes(node))?.id ?? null;
}

/** Puts a frame around nodes, and around the frames that are wholly among them; returns its id. */
export function addFrame(part: PartDraft, names: ReadonlySet<string>, title: string): string {
  const frames = framesOf(snapshot(part));
  const id = freeName("frame", (each) => frames.some((frame) => frame.id === each));
  const isWhole = (frame: Frame) => {
    const members = membersOf(frames, frame.id);
    return members.size > 0 && members.size < names.size && [...members].every((each) => names.has(each));
  };
  const whole = new Set(frames.filter(isWhole).map((each) => each.id));
  const around = commonFrame(frames, names);
  const loose = [...names].filter((name) => !whole.has(frameOf(frames, name) ?? ""));
  takeOut(part, new Set(loose));
  for (const each of writtenIn(part)) {
    if (whole.has(String(each.id)) && !whole.has(String(each.parent))) each.parent = id;
  }
  writtenIn(part).push({ id, title, nodes: loose, ...(around === null ? {} : { parent: around }) });
  dropEmpty(part);
  return id;
}

/** The innermost frame that all of some nodes are in. */
function commonFrame(frames: readonly Frame[], names: ReadonlySet<string>): string | null {
  const [first, ...rest] = [...names].map((name) => chainOf(frames, frameOf(frames, name)).map((each) => each.id));
  const members = (id: string) => membersOf(frames, id).size > names.size;
  return first?.find((id) => members(id) && rest.every((chain) => chain.includes(id))) ?? null;
}

/** The frames, as they are written, whose nodes are all among some. */
export function framesWithin(part: Part | PartDraft, names: ReadonlySet<string>): Written[] {
  const frames = framesOf(snapshot(part));
  const isWithin = (id: unknown) => {
    const members = membersOf(frames, String(id));
    return members.size > 0 && [...members].every((name) => names.has(name));
  };
  const within = (part.view?.frames ?? []).filter((each) => isWithin(each.id));
  const ids = new Set(within.map((each) => each.id));
  return within.map(({ parent, ...frame }) => (ids.has(parent) ? { ...frame, parent } : frame));
}

/** Adds frames from elsewhere, around nodes that have new names here. */
export function addFrames(part: PartDraft, frames: readonly Written[], names: ReadonlyMap<string, string>): void {
  if (frames.length === 0) return;
  const here = writtenIn(part);
  const taken = new Set(here.map((frame) => frame.id));
  const ids = new Map<unknown, string>();
  for (const frame of frames) {
    const id = freeName(String(frame.id ?? "frame"), (each) => taken.has(each));
    taken.add(id);
    ids.set(frame.id, id);
  }
  for (const frame of frames) {
    const nodes = listOf(frame).map((each) => names.get(String(each)) ?? each);
    const parent = ids.get(frame.parent);
    here.push({ ...frame, id: ids.get(frame.id), nodes, ...(parent === undefined ? {} : { parent }) });
  }
}

/** Takes a frame away; what was in it is then in the frame around. */
export function removeFrame(part: PartDraft, id: string): void {
  const frames = writtenIn(part);
  const gone = frames.find((each) => each.id === id);
  if (!gone) return;
  const around = frames.find((each) => each.id === gone.parent);
  for (const each of frames) {
    if (each.parent !== id) continue;
    if (around) each.parent = around.id;
    else delete each.parent;
  }
  if (around) around.nodes = [...listOf(around), ...listOf(gone)];
  frames.splice(frames.indexOf(gone), 1);
  dropEmpty(part);
}

/** Sets how a frame looks; undefined forgets a setting. */
export function setFrame(part: PartDraft, id: string, key: "title" | "colour" | "collapsed", value: unknown): void {
  const frame = writtenIn(part).find((each) => each.id === id);
  if (!frame) return;
  if (value === undefined) delete frame[key];
  else frame[key] = value;
}

/** Moves a node into a frame, or out of all where it is null. */
export function joinFrame(part: PartDraft, node: string, id: string | null): void {
  takeOut(part, new Set([node]));
  const frame = writtenIn(part).find((each) => each.id === id);
  if (frame) frame.nodes = [...listOf(frame), node];
  dropEmpty(part);
}

/** Moves a frame into another, or out of all where it is null. */
export function nestFrame(part: PartDraft, id: string, parent: string | null): void {
  const frames = framesOf(snapshot(part));
  const frame = writtenIn(part).find((each) => each.id === id);
  if (!frame || chainOf(frames, parent).some((each) => each.id === id)) return;
  if (parent === null) delete frame.parent;
  else frame.parent = parent;
  dropEmpty(part);
}

/** Forgets nodes, and frames that are left empty. */
export function leaveFrames(part: PartDraft, names: ReadonlySet<string>): void {
  if (!part.view?.frames?.length) return;
  takeOut(part, names);
  dropEmpty(part);
}

export function renameInFrames(part: PartDraft, old: string, name: string): void {
  for (const frame of part.view?.frames ?? [])
    if (listOf(frame).includes(old)) frame.nodes = listOf(frame).map((each) => (each === old ? name : each));
}

function takeOut(part: PartDraft, names: ReadonlySet<string>): void {
  for (const frame of part.view?.frames ?? []) {
    const rest = listOf(frame).filter((each) => !names.has(String(each)));
    if (rest.length < listOf(frame).length) frame.nodes = rest;
  }
}

function dropEmpty(part: PartDraft): void {
  const frames = part.view?.frames;
  if (!frames || !part.view) return;
  const isEmpty = (frame: Written) => listOf(frame).length === 0 && !frames.some((each) => each.parent === frame.id);
  for (let at = frames.findIndex(isEmpty); at >= 0; at = frames.findIndex(isEmpty)) frames.splice(at, 1);
  if (frames.length === 0) delete part.view.frames;
}

function writtenIn(part: PartDraft): Written[] {
  part.view ??= {};
  part.view.frames ??= [];
  return part.view.frames;
}

function listOf(frame: Written): unknown[] {
  return Array.isArray(frame.nodes) ? frame.nodes : [];
}

/** Frames of a draft are read afresh: it changes under the hand. */
function snapshot(part: Part | PartDraft): Part {
  const frames = (part.view?.frames ?? []).map((each) => ({ ...each, nodes: [...listOf(each)] }));
  return { view: { frames } } as unknown as Part;
}
