/** How large a node is and where its sockets are, from its sockets alone: the canvas never has to measure for it. */
import { type Input, isWritable, type Output, type Sockets } from "~/catalog/catalog";
import { type Node, sourceOf } from "~/doc/model";
import { widgetOf } from "~/widgets/registry";
import { ROW } from "~/widgets/widget";

export const WIDTH = 216;
export const HEAD = 31;
export const PAD = 7;
export const SOCKET = 10;
export const GAP = 4;

export type Row =
  | { kind: "sockets"; input: Input | null; output: Output | null; height: number }
  | { kind: "value"; input: Input; isLinked: boolean; height: number };

export interface Handle {
  id: string;
  isSource: boolean;
  x: number;
  y: number;
  type: string;
}

export interface Geometry {
  width: number;
  height: number;
  rows: readonly Row[];
  handles: readonly Handle[];
}

/** Inputs that only links reach stand beside the outputs; values come below. */
export function rowsOf(sockets: Sockets, node: Node): Row[] {
  const linkOnly = sockets.inputs.filter((input) => !isWritable(input));
  const values = sockets.inputs.filter(isWritable);
  const rows: Row[] = [];
  for (let index = 0; index < Math.max(linkOnly.length, sockets.outputs.length); index++) {
    rows.push({ kind: "sockets", input: linkOnly[index] ?? null, output: sockets.outputs[index] ?? null, height: ROW });
  }
  for (const input of values) {
    const isLinked = sourceOf(node.inputs?.[input.name]) !== null;
    const height = isLinked ? ROW : (widgetOf(input)?.height(input) ?? ROW);
    rows.push({ kind: "value", input, isLinked, height });
  }
  return rows;
}

export function geometryOf(sockets: Sockets, node: Node, isCollapsed: boolean): Geometry {
  const rows = rowsOf(sockets, node);
  if (isCollapsed) return collapsed(rows);
  const handles: Handle[] = [];
  let top = HEAD + GAP;
  for (const row of rows) {
    const y = top + Math.min(row.height, ROW) / 2;
    const output = row.kind === "sockets" ? row.output : null;
    if (row.input) handles.push({ id: row.input.name, isSource: false, x: 0, y, type: row.input.type });
    if (output) handles.push({ id: output.name, isSource: true, x: WIDTH, y, type: output.type });
    top += row.height;
  }
  return { width: WIDTH, height: top + PAD, rows, handles };
}

function collapsed(rows: readonly Row[]): Geometry {
  const handles: Handle[] = [];
  const y = HEAD / 2;
  for (const row of rows) {
    if (row.input) handles.push({ id: row.input.name, isSource: false, x: 0, y, type: row.input.type });
    if (row.kind === "sockets" && row.output) {
      handles.push({ id: row.output.name, isSource: true, x: WIDTH, y, type: row.output.type });
    }
  }
  return { width: WIDTH, height: HEAD, rows: [], handles };
}
