// Made by `npm run types` from the service's schemas: change those, not this.

export type JsonValue = unknown;

/**
 * A whole document. Equal documents mean the same; their ``view`` may differ.
 *
 * ``models`` says what the models contained that its nodes name, by the names that they give: so each is found
 * wherever it lies, and whoever has another under the name is told. What no node names any more, does nothing.
 */
export interface Workflow {
  format: "graphengine.workflow";
  version: 1;
  title?: string;
  description?: string;
  inputs?: {
    [k: string]: WorkflowInput;
  };
  outputs?: {
    [k: string]: WorkflowOutput;
  };
  nodes?: {
    [k: string]: Node;
  };
  subgraphs?: {
    [k: string]: Subgraph;
  };
  models?: {};
  view?: View;
  [k: string]: unknown;
}
/**
 * A named input of the whole workflow, and the sockets that it sets.
 */
export interface WorkflowInput {
  /**
   * @minItems 1
   */
  to: [string, ...string[]];
  title?: string | null;
  description?: string | null;
  [k: string]: unknown;
}
/**
 * A named output of the whole workflow, and the socket that it shows.
 */
export interface WorkflowOutput {
  from: string;
  title?: string | null;
  description?: string | null;
  [k: string]: unknown;
}
/**
 * A node: its type and, by name, the value or the link of each input.
 *
 * ``mode`` ``bypass`` passes inputs on to the outputs of the same type, ``mute`` leaves the node out. Where lists
 * come in and their items are wanted, ``map`` pairs the lists or combines every item with every other; a subgraph
 * with ``map`` runs as a whole for each, and one with ``loop`` again and again.
 */
export interface Node {
  type: string;
  inputs?: {
    [k: string]: JsonValue;
  };
  mode?: "run" | "bypass" | "mute";
  map?: ("zip" | "product") | null;
  loop?: Loop | null;
  title?: string | null;
  [k: string]: unknown;
}
/**
 * A subgraph repeated: after each turn, outputs become inputs of the next, as long as ``while`` comes out true.
 *
 * ``carry`` names, by input, the output of the turn before; inputs that are not in it stay what they are.
 */
export interface Loop {
  while: string;
  carry?: {
    [k: string]: string;
  };
  limit?: number;
  [k: string]: unknown;
}
/**
 * A workflow inside a workflow; a node of the type ``subgraph:<its name>`` stands for it.
 */
export interface Subgraph {
  title?: string;
  description?: string;
  inputs?: {
    [k: string]: WorkflowInput;
  };
  outputs?: {
    [k: string]: WorkflowOutput;
  };
  nodes?: {
    [k: string]: Node;
  };
  view?: View;
  [k: string]: unknown;
}
/**
 * All that is about looks; the engine never reads it.
 */
export interface View {
  nodes?: {
    [k: string]: {
      [k: string]: JsonValue;
    };
  };
  frames?: {
    [k: string]: JsonValue;
  }[];
  notes?: {
    [k: string]: JsonValue;
  }[];
  [k: string]: unknown;
}
