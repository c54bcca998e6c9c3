// Made by `npm run types` from the service's schemas: change those, not this.

export type JsonValue = unknown;

export interface Service {}
/**
 * A file that is there.
 */
export interface AssetOut {
  digest: string;
  bytes: number;
  reference: string;
}
/**
 * A batch; its jobs are called ``<its id>~<number>``.
 */
export interface BatchOut {
  id: string;
  owner: string;
  total: number;
  created: string;
  counts: {
    [k: string]: number;
  };
  ended: boolean;
}
/**
 * What the results on disk take.
 */
export interface CacheOut {
  entries: number;
  bytes: number;
  budget: number;
}
/**
 * A way from one type to another that happens by itself on a link.
 */
export interface ConversionOut {
  source: string;
  target: string;
}
/**
 * A saved version, with its document.
 */
export interface DocumentOut {
  name: string;
  version: number;
  workflow: string;
  title: string;
  owner: string;
  note: string;
  created: string;
  document: {
    [k: string]: unknown;
  };
}
/**
 * Why a job failed.
 */
export interface FailureOut {
  code: string;
  message: string;
  hint?: string;
  exception?: string;
}
/**
 * One thing that is wrong with a request.
 */
export interface FaultOut {
  place: string;
  message: string;
}
/**
 * A file or folder, and what a document calls it.
 */
export interface FileOut {
  reference: string;
  bytes: number;
}
/**
 * What lies under a root.
 */
export interface FilesOut {
  files: FileOut[];
}
/**
 * A pair of types that a link may join; with ``each`` the node is called for each item.
 */
export interface FitOut {
  source: string;
  target: string;
  each: boolean;
  converts: boolean;
}
/**
 * Whether the service lives.
 */
export interface HealthOut {
  status?: "ok";
}
/**
 * An input of a node; ``schema`` is that of the values a document may write, empty where it may write none.
 */
export interface InputOut {
  name: string;
  type: string;
  required: boolean;
  schema: {
    [k: string]: unknown;
  };
  default?: {
    [k: string]: unknown;
  };
  widget?: {
    [k: string]: JsonValue;
  } | null;
  roots?: string[];
}
/**
 * A job.
 */
export interface JobOut {
  id: string;
  owner: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  priority: number;
  workflow: string;
  inputs: {
    [k: string]: JsonValue;
  };
  targets: string[] | null;
  title: string;
  tags: string[];
  batch: string | null;
  created: string;
  started: string | null;
  ended: string | null;
  attempt: number;
  cancelling: boolean;
  failure: FailureOut | null;
  result: {
    [k: string]: JsonValue;
  } | null;
}
/**
 * A page of jobs; ``cursor`` asks for the next.
 */
export interface JobsOut {
  jobs: JobOut[];
  cursor?: string | null;
}
/**
 * Who somebody is: the secret of a token.
 */
export interface Login {
  token: string;
}
/**
 * Where a waiting job goes: before another one, to the front, or to another priority; exactly one is given.
 */
export interface Move {
  before?: string | null;
  front?: true | null;
  priority?: number | null;
}
/**
 * A node; ``passage`` says by output which input stands for it where the node is bypassed.
 */
export interface NodeOut {
  id: string;
  title: string;
  category: string;
  version: number;
  summary: string;
  help: string;
  lane: "gpu" | "cpu" | "io";
  sink: boolean;
  inputs: InputOut[];
  outputs: OutputOut[];
  passage: {
    [k: string]: string;
  };
}
/**
 * An output of a node.
 */
export interface OutputOut {
  name: string;
  type: string;
}
/**
 * The nodes, the types, and which types flow into which.
 */
export interface NodesOut {
  nodes: NodeOut[];
  types: TypeOut[];
  conversions: ConversionOut[];
  fits: FitOut[];
}
/**
 * A socket type; ``literal`` where a document can write a value of it.
 */
export interface TypeOut {
  name: string;
  summary: string;
  colour: string;
  literal: boolean;
}
/**
 * An empty object.
 */
export interface Nothing {}
/**
 * Any object.
 */
export interface ObjectOut {
  [k: string]: unknown;
}
/**
 * A workflow to look at without running it.
 */
export interface PlanBody {
  workflow:
    | {
        [k: string]: JsonValue;
      }
    | string;
  inputs?: {
    [k: string]: JsonValue;
  };
  targets?: [string, ...string[]] | null;
}
/**
 * All that is wrong with a workflow; or, if nothing is, what a run would do with each node.
 */
export interface PlanOut {
  valid: boolean;
  problems?: ProblemOut[];
  tasks?: {
    [k: string]: TaskOut;
  };
  seconds?: number;
  weights?: string;
}
/**
 * One thing that is wrong with a workflow, and where.
 */
export interface ProblemOut {
  code:
    | "malformed_json"
    | "malformed_document"
    | "unsupported_version"
    | "unknown_node_type"
    | "unknown_input"
    | "missing_input"
    | "invalid_value"
    | "unknown_node"
    | "unknown_output"
    | "type_mismatch"
    | "cycle"
    | "too_large"
    | "file_not_found"
    | "file_refused"
    | "unknown_workflow_input"
    | "nothing_to_do"
    | "unequal_lengths";
  message: string;
  node?: string | null;
  socket?: string | null;
  place: string;
  hint?: string;
}
/**
 * What a run would do with a node.
 */
export interface TaskOut {
  type: string;
  verdict: "runs" | "may_run" | "cached" | "not_needed";
  seconds: number | null;
  reasons: ReasonOut[];
}
/**
 * Why a node runs, or does not.
 */
export interface ReasonOut {
  message: string;
  [k: string]: unknown;
}
/**
 * What went wrong (RFC 9457); ``code`` is stable.
 */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  faults?: FaultOut[];
  problems?: {
    [k: string]: unknown;
  }[];
  [k: string]: unknown;
}
/**
 * The queue as a whole.
 */
export interface QueueOut {
  paused: boolean;
  counts: {
    [k: string]: number;
  };
  running: number;
}
/**
 * Whether the service can do its work, and why not.
 */
export interface ReadyOut {
  ready: boolean;
  reasons?: string[];
}
/**
 * A document to save; ``expected`` is the version that it was made from, 0 for a new name.
 */
export interface SaveBody {
  workflow: {
    [k: string]: JsonValue;
  };
  note?: string;
  expected?: number | null;
}
/**
 * Names of the library, in order; go on after the last.
 */
export interface SavedListOut {
  workflows: SavedOut[];
}
/**
 * A name of the library.
 */
export interface SavedOut {
  newest: VersionOut;
  created: string;
  has_thumbnail: boolean;
}
/**
 * A saved version.
 */
export interface VersionOut {
  name: string;
  version: number;
  workflow: string;
  title: string;
  owner: string;
  note: string;
  created: string;
}
/**
 * Several values for some inputs: ``zip`` takes the first of each, then the second; ``product`` all pairs.
 */
export interface SpreadBody {
  mode: "zip" | "product";
  values: {
    [k: string]: JsonValue[];
  };
}
/**
 * A workflow to run: a document, or the name of a saved one.
 */
export interface Submit {
  workflow:
    | {
        [k: string]: JsonValue;
      }
    | string;
  inputs?: {
    [k: string]: JsonValue;
  };
  id?: string | null;
  priority?: number;
  targets?: [string, ...string[]] | null;
  title?: string;
  /**
   * @maxItems 32
   */
  tags?: string[];
  batch?: SpreadBody | null;
}
/**
 * The versions of a name, the newest first.
 */
export interface VersionsOut {
  versions: VersionOut[];
}
