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
 * Once, at a time by the clock on the wall of a time zone.
 */
export interface At {
  kind: "at";
  local: string;
  zone?: string;
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
 * What a file says of its origin: the workflow that made it and the lock of its run, as they were written into it.
 *
 * Null is what it does not carry; a file of a kind that carries nothing, or a broken one, has neither.
 */
export interface CarriedOut {
  workflow?: {
    [k: string]: unknown;
  } | null;
  lock?: {
    [k: string]: unknown;
  } | null;
}
/**
 * A way from one type to another that happens by itself on a link.
 */
export interface ConversionOut {
  source: string;
  target: string;
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
 * Deliveries, the newest first; go on after the last.
 */
export interface DeliveriesOut {
  deliveries: DeliveryView[];
}
/**
 * A delivery to a webhook.
 *
 * ``type`` and ``job`` say what it tells; ``status`` is what the receiver answered last, and ``problem`` why that
 * attempt failed. One that waits is tried next at ``due``, without that at once.
 */
export interface DeliveryView {
  id: string;
  webhook: string;
  type: "job.done" | "job.failed" | "job.cancelled" | "ping";
  job: string | null;
  state: "waiting" | "done" | "failed";
  attempts: number;
  created: string;
  tried: string | null;
  due: string | null;
  status: number | null;
  problem: string;
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
 * Each ``seconds`` from ``start`` on; without a start at round times.
 */
export interface Every {
  kind: "every";
  seconds: number;
  start?: string;
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
 * Inputs that go over the schedule's own; the same under the same ``key`` is the same job.
 */
export interface FireBody {
  inputs?: {
    [k: string]: JsonValue;
  };
  key?: string | null;
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
 * Whether the service lives.
 */
export interface HealthOut {
  status?: "ok";
}
/**
 * What another program has to say: any JSON.
 */
export interface HookBody {
  [k: string]: unknown;
}
/**
 * The job that a request has made, or made the first time that it came.
 */
export interface HookOut {
  job: string;
  created: boolean;
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
  roles?: string[];
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
 * A page of jobs; ``cursor`` asks for the next.
 */
export interface JobsOut {
  jobs: JobView[];
  cursor?: string | null;
}
/**
 * Who somebody is: the secret of a token.
 */
export interface Login {
  token: string;
}
/**
 * The memory that there is, in bytes; null is not known.
 *
 * ``device_bytes`` is 0 where models compute in the host's memory; ``model_bytes`` is what the owner gives to weights.
 */
export interface MachineView {
  device: string | null;
  device_bytes: number | null;
  host_bytes: number | null;
  model_bytes: number | null;
}
/**
 * What the calls of a plan take at most at a time, and whether that is there.
 *
 * ``fits`` is ``yes`` where nothing that is known says no, ``over_budget`` where models are larger than the owner
 * wants them, and ``unlikely`` where calls took more before than there is. What cannot fit at all is a problem.
 */
export interface MemoryView {
  fits: "yes" | "over_budget" | "unlikely";
  weights: number;
  device: number;
  host: number;
  results: number;
  there: MachineView;
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
 * Why a model cannot be loaded.
 */
export interface ModelFaultView {
  code: "pickle" | "other_format" | "broken" | "truncated" | "incomplete" | "unreadable" | "refused";
  message: string;
  hint?: string;
}
/**
 * A model, by the ``name`` that a workflow gives for it, as far as its headers tell.
 *
 * ``kind`` is the format of a file, or the pipeline's class of a folder; ``role`` is what it is for, a ``model`` is
 * whole. ``family`` and ``variant`` name the architecture, or that of the model which it changes, and ``title`` both
 * for people; all are empty where that is not known. ``loads`` says whether this program can load it as a model.
 * ``numbers`` is how many numbers it holds, and ``formats`` how many of them in each number format. ``digest`` is the
 * hash of its content, if somebody has computed it; ``preview`` is where a picture of its maker's is.
 */
export interface ModelView {
  name: string;
  id: string;
  kind: string;
  bytes: number;
  changed: string;
  role:
    | "model"
    | "denoiser"
    | "vae"
    | "text_encoder"
    | "image_encoder"
    | "lora"
    | "controlnet"
    | "adapter"
    | "embedding"
    | "upscaler"
    | "depth"
    | "interpolator"
    | "unknown";
  family: string;
  variant: string;
  title: string;
  loads: boolean;
  numbers: number;
  formats: {
    [k: string]: number;
  };
  digest: string | null;
  preview: string | null;
  problem: ModelFaultView | null;
}
/**
 * Models, in the order of their names; ``after`` asks for those that come next, and is null at the end.
 */
export interface ModelsView {
  models: ModelView[];
  after?: string | null;
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
 * What a call will take of the memory, in bytes, judging by headers and earlier calls; null is not known.
 *
 * ``weights`` are those of the models that it uses, ``working`` comes beside them on a device with memory of its own,
 * ``host`` in the host's memory; ``result`` is about what it returns.
 */
export interface NeedsView {
  weights: number | null;
  working: number | null;
  host: number | null;
  result: number | null;
}
/**
 * A node; ``passage`` says by output which input stands for it where the node is bypassed.
 *
 * ``aliases`` is what people may call it who search for it.
 */
export interface NodeOut {
  id: string;
  title: string;
  aliases?: string[];
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
 * The nodes, the types, which types flow into which, and the packs that are left out.
 */
export interface NodesOut {
  nodes: NodeOut[];
  types: TypeOut[];
  conversions: ConversionOut[];
  fits: FitOut[];
  faults: PackFaultOut[];
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
 * A pack that could not be loaded; the log of the service says more.
 */
export interface PackFaultOut {
  pack: string;
  reason: string;
}
/**
 * An empty object.
 */
export interface Nothing {}
/**
 * What to know of a model: it was found under another name, or has another content than the workflow says.
 *
 * ``values`` are what the message is made of, by name.
 */
export interface NoticeOut {
  code: "model_found" | "model_differs" | "value_unsuited";
  message: string;
  node: string;
  socket: string;
  values?: {
    [k: string]: string;
  };
}
/**
 * Any object.
 */
export interface ObjectOut {
  [k: string]: unknown;
}
/**
 * Which of two results is better.
 */
export interface PairBody {
  first: RatedPart;
  second: RatedPart;
  better: "first" | "second" | "neither";
}
/**
 * A result: the job that made it, and the SHA-256 of its bytes.
 */
export interface RatedPart {
  job: string;
  digest: string;
}
/**
 * A workflow to look at without running it.
 */
export interface PlanBody {
  workflow:
    | {
        [k: string]: unknown;
      }
    | string;
  inputs?: {
    [k: string]: JsonValue;
  };
  targets?: [string, ...string[]] | null;
}
/**
 * All that is wrong with a workflow; or, if nothing is, what a run would do with each node, and what to know.
 */
export interface PlanOut {
  valid: boolean;
  problems?: ProblemOut[];
  notices?: NoticeOut[];
  tasks?: {
    [k: string]: TaskOut;
  };
  seconds?: number;
  weights?: string;
  memory?: MemoryView | null;
}
/**
 * One thing that is wrong with a workflow, and where; ``values`` are what the message is made of, by name.
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
    | "unequal_lengths"
    | "does_not_fit";
  message: string;
  node?: string | null;
  socket?: string | null;
  place: string;
  hint?: string;
  values?: {
    [k: string]: string;
  };
}
/**
 * What a run would do with a node; ``memory`` is null where none is called.
 */
export interface TaskOut {
  type: string;
  verdict: "runs" | "may_run" | "cached" | "not_needed";
  seconds: number | null;
  memory: NeedsView | null;
  reasons: ReasonOut[];
}
/**
 * Why a node runs, or does not: which of its inputs, and which other node, it is about.
 */
export interface ReasonOut {
  code:
    | "sink"
    | "never_run"
    | "type_changed"
    | "version_changed"
    | "environment_changed"
    | "input_changed"
    | "file_changed"
    | "relinked"
    | "source_runs"
    | "source_may_run"
    | "source_changed"
    | "something_changed"
    | "failed_before"
    | "not_needed_before"
    | "evicted"
    | "not_kept"
    | "cache_off"
    | "lazy"
    | "in_memory"
    | "on_disk"
    | "same_result"
    | "covered"
    | "loop";
  message: string;
  input?: string | null;
  node?: string | null;
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
 * What is to go of what nobody names.
 *
 * That is what has been unnamed for ``age`` seconds, and of the rest the oldest beyond so many ``bytes``; by default
 * as the settings say. With ``dry`` nothing goes.
 */
export interface PruneBody {
  age?: number | null;
  bytes?: number | null;
  dry?: boolean;
}
/**
 * What went, or would have: assets, and output folders of jobs; and what stays, unnamed and named.
 */
export interface PrunedOut {
  removed: number;
  removed_bytes: number;
  unnamed: number;
  unnamed_bytes: number;
  named: number;
  named_bytes: number;
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
 * What somebody thinks: ``stars`` of the first alone, or which of two is ``better``.
 */
export interface RatingView {
  number: number;
  owner: string;
  first: SubjectView;
  second: SubjectView | null;
  stars: number | null;
  better: ("first" | "second" | "neither") | null;
  time: string;
}
/**
 * What a rated result was made of, when it was rated.
 */
export interface SubjectView {
  job: string;
  digest: string;
  title: string;
  inputs: {
    [k: string]: unknown;
  };
}
/**
 * Ratings in their order; go on after the number of the last.
 */
export interface RatingsOut {
  ratings: RatingView[];
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
 * A schedule as it shall be: what fires it, and the workflow that is run then, a document or a saved one's name.
 *
 * ``secret`` opens a webhook; without one a new webhook is given one, which is told once. ``expected`` is the
 * revision that the change was made from, 0 for a new schedule.
 */
export interface ScheduleFields {
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
 * A schedule as clients see it.
 *
 * ``workflow`` is the digest of its document, or ``saved`` the name whose newest version is run. ``next`` are the
 * next times at which it fires; ``fired`` says how many jobs it made, ``last`` when it made the last one, and
 * ``problem`` why it made none since. A webhook has a ``path`` for requests, and shows its ``secret`` only in the
 * answer to what made it.
 */
export interface ScheduleView {
  id: string;
  owner: string;
  trigger: Cron | Every | At | Folder | Webhook;
  workflow: string | null;
  saved: string | null;
  inputs: {
    [k: string]: JsonValue;
  };
  targets: string[] | null;
  priority: number;
  title: string;
  tags: string[];
  misfire: Misfire;
  paused: boolean;
  revision: number;
  created: string;
  next: string[];
  fired: number;
  last: string | null;
  problem: string;
  path?: string | null;
  secret?: string | null;
}
/**
 * Schedules by id; go on after the last.
 */
export interface SchedulesOut {
  schedules: ScheduleView[];
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
 * How many stars a result has.
 */
export interface StarsBody {
  job: string;
  digest: string;
  stars: number;
}
/**
 * A workflow to run: a document, or the name of a saved one.
 */
export interface Submit {
  workflow:
    | {
        [k: string]: unknown;
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
 * A prompt, as a node takes it: with weights.
 */
export interface TokensBody {
  text: string;
}
/**
 * The tokens of a prompt, without begin and end; ``room`` is how many fit into one window of the encoder.
 */
export interface TokensOut {
  tokens: number;
  room: number;
}
/**
 * The versions of a name, the newest first.
 */
export interface VersionsOut {
  versions: VersionOut[];
}
/**
 * A webhook as it shall be: where to post to, and at which ends of which jobs.
 *
 * To be told of ``all`` jobs, and not of one's own, takes the scope admin. A ``secret`` is ``whsec_`` and Base64 of
 * 24 to 64 bytes; without one a new webhook is given one, which is told once. ``expected`` is the revision that the
 * change was made from, 0 for a new webhook.
 */
export interface WebhookFields {
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
}
/**
 * A webhook as its owner sees it.
 *
 * ``waiting`` deliveries are on their way; ``dropped`` ones were not kept, because too many waited. A ``problem``
 * says why it was paused by the service. The ``secret`` is shown only in the answer to what made it.
 */
export interface WebhookView {
  id: string;
  owner: string;
  url: string;
  states: ("done" | "failed" | "cancelled")[];
  jobs: "own" | "all";
  paused: boolean;
  revision: number;
  created: string;
  waiting: number;
  dropped: number;
  problem: string;
  secret?: string | null;
}
/**
 * Webhooks by id.
 */
export interface WebhooksOut {
  webhooks: WebhookView[];
}
/**
 * Words that a model knows whole, those that came most often when it learnt first.
 */
export interface WordsOut {
  words: string[];
}
