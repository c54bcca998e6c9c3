/** The node types and the rules of what connects to what, as the service tells them; nothing is decided here. */
import type { InputOut, NodeOut, NodesOut, OutputOut, TypeOut } from "~/api/generated/service";

export type Input = Omit<InputOut, "default"> & { default?: unknown };
export type Output = OutputOut;

/** What a link between two types means. */
export interface Fit {
  each: boolean;
  converts: boolean;
}

/** The sockets of a node: of its type, or of the subgraph that it stands for. */
export interface Sockets {
  id: string;
  title: string;
  /** What people may call it who search for it. */
  aliases?: readonly string[];
  summary: string;
  help: string;
  category: string;
  sink: boolean;
  inputs: readonly Input[];
  outputs: readonly Output[];
  /** By output, the input that stands for it where the node is bypassed. */
  passage: Readonly<Record<string, string>>;
}

const NO_COLOUR = "#9aa0a6";

export class Catalog {
  readonly nodes: ReadonlyMap<string, NodeOut>;
  private readonly types: ReadonlyMap<string, TypeOut>;
  private readonly fits: ReadonlyMap<string, Fit>;

  constructor(told: NodesOut) {
    this.nodes = new Map(told.nodes.map((node) => [node.id, node]));
    this.types = new Map(told.types.map((type) => [type.name, type]));
    this.fits = new Map(told.fits.map((fit) => [pair(fit.source, fit.target), fit]));
  }

  fit(source: string, target: string): Fit | null {
    return this.fits.get(pair(source, target)) ?? null;
  }

  /** The colour of a type; that of a list is the colour of its items. */
  colour(type: string): string {
    return this.types.get(leaf(type))?.colour ?? NO_COLOUR;
  }

  type(type: string): TypeOut | undefined {
    return this.types.get(leaf(type));
  }

  /** The inputs of a node that a value of a type flows into. */
  inputsFor(sockets: Sockets, source: string): Input[] {
    return sockets.inputs.filter((input) => this.fit(source, input.type) !== null);
  }

  /** The outputs of a node that flow into a type. */
  outputsFor(sockets: Sockets, target: string): Output[] {
    return sockets.outputs.filter((output) => this.fit(output.type, target) !== null);
  }
}

/** Whether a document can write a value of an input, so that it has a widget. */
export function isWritable(input: Input): boolean {
  return Object.keys(input.schema).length > 0 || input.type === "File";
}

export function isList(type: string): boolean {
  return type.includes("[");
}

function leaf(type: string): string {
  const inner = /\[([^[\]]*)\]/.exec(type);
  return inner?.[1] ?? type;
}

function pair(source: string, target: string): string {
  return `${source} ${target}`;
}
