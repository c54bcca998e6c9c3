// Made by `npm run types` from the service's schemas: change those, not this.

export type Messages = Request | Message;
export type Request =
  | Submit
  | Cancel
  | Retry
  | Move
  | Pause
  | Get
  | List
  | Models
  | Subscribe
  | Unsubscribe
  | Ping
  | SaveSchedule
  | GetSchedule
  | ListSchedules
  | PauseSchedule
  | FireSchedule
  | DeleteSchedule
  | SaveWebhook
  | GetWebhook
  | ListWebhooks
  | DeleteWebhook
  | PingWebhook
  | ListDeliveries
  | RetryDelivery;
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
 * Ask for the models that a workflow can name; go on with the ``after`` of the reply.
 */
export interface Models {
  id: string;
  type: "models";
  limit?: number;
  after?: string;
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
 * Make a schedule or replace it; the secret of a new webhook is told in the reply, and never again.
 */
export interface SaveSchedule {
  trigger: Cron | Every | At | Folder | Webhook;
  workflow:
    | {
        [k: string]: unknown;
      }
    | string;
  inputs?: {
    [k: string]: JsonValue;
  };
  targets?: [string, ...string[]] | null;
  priority?: number;
  title?: string;
  /**
   * @maxItems 32
   */
  tags?: string[];
  misfire?: Misfire;
  paused?: boolean;
  secret?: string | null;
  expected?: number | null;
  id: string;
  type: "save_schedule";
  schedule: string;
}
/**
 * A cron expression of five fields, by the clock on the wall of a time zone: ``0 2 * * *`` is two at night.
 */
export interface Cron {
  kind: "cron";
  expression: string;
  zone?: string;
}
/**
 * Each ``seconds`` from ``start`` on; without a start at round times.
 */
export interface Every {
  kind: "every";
  seconds: number;
  start?: string;
}
/**
 * Once, at a time by the clock on the wall of a time zone.
 */
export interface At {
  kind: "at";
  local: string;
  zone?: string;
}
/**
 * A file that comes to rest in a folder under the inputs: its reference becomes the input ``input``.
 *
 * ``pattern`` says which names count, with the wildcards of a shell. A file counts when it was left alone for
 * ``seconds``; with ``existing`` those count too that were there before the schedule.
 */
export interface Folder {
  kind: "folder";
  folder: string;
  input: string;
  pattern?: string;
  seconds?: number;
  existing?: boolean;
}
/**
 * A request to ``/api/hooks/<id>`` that knows the schedule's secret.
 *
 * ``fields`` says where in its JSON body inputs stand: ``{"prompt": "/comment/text"}``, each a JSON Pointer
 * (RFC 6901). What is not there keeps the value that the schedule has for it.
 */
export interface Webhook {
  kind: "webhook";
  fields?: {
    [k: string]: string;
  };
}
/**
 * What becomes of times at which the service was not there, or the queue was full.
 *
 * ``skip`` forgets them, ``once`` makes up for all of them with one job, ``all`` makes up for each, for at most
 * ``most``. What is late by no more than ``grace_seconds`` is not missed.
 */
export interface Misfire {
  policy?: "skip" | "once" | "all";
  grace_seconds?: number;
  most?: number;
}
/**
 * Ask for a schedule, and when it fires next.
 */
export interface GetSchedule {
  id: string;
  type: "get_schedule";
  schedule: string;
}
/**
 * Ask for schedules by id; go on ``after`` the last.
 */
export interface ListSchedules {
  id: string;
  type: "list_schedules";
  own?: boolean;
  limit?: number;
  after?: string;
}
/**
 * Let a schedule fire no more, or with ``paused`` false again from now on.
 */
export interface PauseSchedule {
  id: string;
  type: "pause_schedule";
  schedule: string;
  paused?: boolean;
}
/**
 * Queue a job of a schedule now; ``inputs`` go over its own. The same under the same ``key`` is the same job.
 */
export interface FireSchedule {
  id: string;
  type: "fire_schedule";
  schedule: string;
  inputs?: {
    [k: string]: JsonValue;
  };
  key?: string | null;
}
/**
 * Remove a schedule; the jobs that it made stay.
 */
export interface DeleteSchedule {
  id: string;
  type: "delete_schedule";
  schedule: string;
}
/**
 * Make a webhook or replace it; the secret of a new one is told in the reply, and never again.
 */
export interface SaveWebhook {
  url: string;
  /**
   * @minItems 1
   * @maxItems 3
   */
  states?:
    | ["done" | "failed" | "cancelled"]
    | ["done" | "failed" | "cancelled", "done" | "failed" | "cancelled"]
    | ["done" | "failed" | "cancelled", "done" | "failed" | "cancelled", "done" | "failed" | "cancelled"];
  jobs?: "own" | "all";
  paused?: boolean;
  secret?: string | null;
  expected?: number | null;
  id: string;
  type: "save_webhook";
  webhook: string;
}
/**
 * Ask for a webhook.
 */
export interface GetWebhook {
  id: string;
  type: "get_webhook";
  webhook: string;
}
/**
 * Ask for one's webhooks; an admin gets all.
 */
export interface ListWebhooks {
  id: string;
  type: "list_webhooks";
}
/**
 * Remove a webhook, with what is on its way to it.
 */
export interface DeleteWebhook {
  id: string;
  type: "delete_webhook";
  webhook: string;
}
/**
 * Send a webhook something that means nothing, to see whether it arrives.
 */
export interface PingWebhook {
  id: string;
  type: "ping_webhook";
  webhook: string;
}
/**
 * Ask for the deliveries to a webhook, the newest first; go on ``after`` the last.
 */
export interface ListDeliveries {
  id: string;
  type: "list_deliveries";
  webhook: string;
  state?: ("waiting" | "done" | "failed") | null;
  limit?: number;
  after?: string;
}
/**
 * Try a delivery again that was given up.
 */
export interface RetryDelivery {
  id: string;
  type: "retry_delivery";
  webhook: string;
  delivery: string;
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
 * and a ``cursor``; that of ``models`` has ``models`` and ``after``; that of ``subscribe`` the ``seq`` and ``epoch``
 * from which it begins. What is asked about a schedule, a webhook or a delivery has one or several, under that name;
 * ``fire_schedule`` has a ``job``.
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
        | "loading"
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
    | "unequal_lengths"
    | "does_not_fit";
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
 *
 * ``lock`` says what made its results beside the workflow: hashes of models and inputs, versions of nodes and
 * libraries, the device. It is null until a run of the job has ended.
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
  lock?: {
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
