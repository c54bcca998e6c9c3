// Made by `npm run types` from the service's schemas: change those, not this.

export type Messages = Request | Message;
export type Request = Submit | Cancel | Retry | Move | Pause | Get | List | Subscribe | Unsubscribe | Ping;
export type JsonValue = unknown;
export type Message = Hello | Reply | Event | Progress | Preview | Resync;

/**
 * Queue a job, or with ``batch`` many; the reply comes after the commit.
 *
 * The same submission under the same ``job`` is the same job, so it may be sent again. The workflow is a document,
 * or the name of a ``saved`` one (its newest version unless ``version`` says which).
 */
export interface Submit {
  id: string;
  type: "submit";
  job?: string | null;
  workflow?: {
    [k: string]: JsonValue;
  } | null;
  saved?: string | null;
  version?: number | null;
  inputs?: {
    [k: string]: JsonValue;
  };
  targets?: string[] | null;
  priority?: number;
  title?: string;
  tags?: string[];
  batch?: Batch | null;
}
/**
 * Several values for some inputs, a job for each combination: ``zip`` pairs them, ``product`` takes all pairs.
 */
export interface Batch {
  mode: "zip" | "product";
  values: {
    [k: string]: JsonValue[];
  };
}
/**
 * Cancel a job that waits, or tell one that runs to stop.
 */
export interface Cancel {
  id: string;
  type: "cancel";
  job: string;
}
/**
 * Queue a job again that failed or was cancelled.
 */
export interface Retry {
  id: string;
  type: "retry";
  job: string;
}
/**
 * Let a waiting job go right before another, or without ``before`` be the next of its owner and priority.
 */
export interface Move {
  id: string;
  type: "move";
  job: string;
  before?: string | null;
}
/**
 * Let no job begin, or with ``paused`` false let them begin again.
 */
export interface Pause {
  id: string;
  type: "pause";
  paused?: boolean;
}
/**
 * Ask for a job.
 */
export interface Get {
  id: string;
  type: "get";
  job: string;
}
/**
 * Ask for jobs; go on with the ``cursor`` of the reply.
 */
export interface List {
  id: string;
  type: "list";
  states?: ("queued" | "running" | "done" | "failed" | "cancelled")[] | null;
  own?: boolean;
  batch?: string | null;
  text?: string | null;
  limit?: number;
  cursor?: string | null;
  order?: "newest" | "oldest";
}
/**
 * Ask for the events of one job (or batch), of one's own jobs, or of all, under this request's ``id``.
 *
 * ``since`` is the last number that the client has, of the log that ``epoch`` names; without it, events begin now.
 */
export interface Subscribe {
  id: string;
  type: "subscribe";
  to?: "job" | "own" | "all";
  job?: string | null;
  since?: number | null;
  epoch?: string | null;
  live?: boolean;
}
/**
 * End a subscription by the ``id`` of the request that began it.
 */
export interface Unsubscribe {
  id: string;
  type: "unsubscribe";
  subscription: string;
}
/**
 * Ask whether anybody is there.
 */
export interface Ping {
  id: string;
  type: "ping";
}
/**
 * The first message: which log this is, its newest number, as whom the client is known, and the version.
 */
export interface Hello {
  type?: "hello";
  epoch: string;
  seq: number;
  owner: string;
  version: string;
}
/**
 * The answer to a request: ``result``, or the ``problem`` why there is none.
 *
 * ``id`` is None where the request was too broken to have one. The result of ``submit``, ``cancel``, ``retry``,
 * ``move`` and ``get`` has a ``job``; that of a batch a ``batch`` and a ``total``; that of ``list`` has ``jobs``
 * and a ``cursor``; that of ``subscribe`` the ``seq`` and ``epoch`` from which it begins.
 */
export interface Reply {
  type?: "reply";
  id: string | null;
  result?: {
    [k: string]: unknown;
  } | null;
  problem?: Refusal | null;
}
/**
 * Why a request was not fulfilled; nothing was done. ``retry_after`` is in seconds.
 */
export interface Refusal {
  code:
    | (
        | "not_found"
        | "conflict"
        | "unacceptable"
        | "queue_full"
        | "lease_lost"
        | "data_folder_in_use"
        | "database_corrupt"
        | "database_newer"
        | "database_unreadable"
        | "disk_full"
        | "database_locked"
        | "database_failed"
        | "closed"
      )
    | ("malformed_message" | "invalid_workflow" | "forbidden" | "too_many_requests");
  message: string;
  retry_after?: number | null;
  problems?: Fault[];
}
/**
 * A fault of a workflow, addressed to node and socket.
 */
export interface Fault {
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
  hint?: string;
}
/**
 * An entry of the log: something happened to a job, or with ``job`` empty to the queue.
 */
export interface Event {
  type?: "event";
  seq: number;
  epoch: string;
  job: string;
  owner: string;
  kind: string;
  time: string;
  data: {
    [k: string]: JsonValue;
  };
}
/**
 * How far the running tasks of a job are, each by its name; at most 20 a second for each job.
 */
export interface Progress {
  type?: "progress";
  job: string;
  owner: string;
  tasks: {
    [k: string]: Step;
  };
}
/**
 * How far a call is: ``step`` of ``total``.
 */
export interface Step {
  step: number;
  total: number;
  message?: string;
}
/**
 * A picture of a task's work in progress: as ``data`` in msgpack, and in JSON at the ``url``.
 */
export interface Preview {
  type?: "preview";
  job: string;
  owner: string;
  task: string;
  media_type: string;
  width: number;
  height: number;
  url: string;
  data?: string | null;
}
/**
 * Entries are missing: how the jobs of these subscriptions stand, and the number after which events go on.
 *
 * ``jobs`` are the one that was asked for, or those that wait or run, the newest first; where there are more than
 * fit, ``complete`` is false, and ``list`` gives the others.
 */
export interface Resync {
  type?: "resync";
  epoch: string;
  seq: number;
  subscriptions: string[];
  jobs: JobView[];
  complete: boolean;
}
/**
 * A job as clients see it; ``seq`` is the number of its first entry in the log, ``workflow`` a digest.
 */
export interface JobView {
  id: string;
  seq: number;
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
  failure: JobFailure | null;
  result: {
    [k: string]: JsonValue;
  } | null;
}
/**
 * Why a job failed.
 */
export interface JobFailure {
  code:
    | "node_error"
    | "node_raised"
    | "invalid_input"
    | "wrong_output"
    | "out_of_memory"
    | "model_refused"
    | "cancelled"
    | "timed_out"
    | "worker_died"
    | "unequal_lengths"
    | "too_large"
    | "interrupted"
    | "engine_failed";
  message: string;
  hint?: string;
  exception?: string;
  transient?: boolean;
}
