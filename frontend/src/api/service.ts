/** What the service can do, each as a function. */
import type {
  AssetOut,
  CarriedOut,
  DocumentOut,
  FilesOut,
  JobsOut,
  JobView,
  ModelsView,
  NodesOut,
  PairBody,
  PlanOut,
  QueueOut,
  RatingsOut,
  RatingView,
  SavedListOut,
  StarsBody,
  Submit,
  TokensOut,
  VersionOut,
  VersionsOut,
  WordsOut,
} from "./generated/service";
import type { Workflow } from "./generated/workflow";
import { ask } from "./http";

const saved = (name: string) => `/api/workflows/${encodeURIComponent(name)}`;
const job = (id: string) => `/api/jobs/${encodeURIComponent(id)}`;

const model = (id: string) => `/api/models/${encodeURIComponent(id)}`;

/** A document as it is sent: the service reads it, and may refuse it. */
const sent = (workflow: Workflow) => workflow as Record<string, unknown>;

export const service = {
  nodes: () => ask<NodesOut>("/api/nodes"),
  models: () => ask<ModelsView>("/api/models"),
  tokens: (id: string, text: string, signal?: AbortSignal) =>
    ask<TokensOut>(`${model(id)}/tokens`, { method: "POST", body: { text }, signal }),
  words: (id: string) => ask<WordsOut>(`${model(id)}/words`),
  files: (root: string) => ask<FilesOut>(`/api/files/${encodeURIComponent(root)}`),
  plan: (workflow: Workflow, targets: [string, ...string[]] | null, signal?: AbortSignal) =>
    ask<PlanOut>("/api/plan", { method: "POST", body: { workflow: sent(workflow), targets }, signal }),

  submit: (workflow: Workflow, more: Omit<Submit, "workflow">) =>
    ask<JobView>("/api/jobs", { method: "POST", body: { ...more, workflow: sent(workflow) } }),
  job: (id: string) => ask<JobView>(job(id)),
  cancel: (id: string) => ask<JobView>(`${job(id)}/cancel`, { method: "POST" }),
  retry: (id: string) => ask<JobView>(`${job(id)}/retry`, { method: "POST" }),
  moveBefore: (id: string, before: string) => ask<JobView>(`${job(id)}/move`, { method: "POST", body: { before } }),
  moveToFront: (id: string) => ask<JobView>(`${job(id)}/move`, { method: "POST", body: { front: true } }),
  forget: (id: string) => ask<null>(job(id), { method: "DELETE" }),
  cancelBatch: (id: string) => ask<JobsOut>(`/api/batches/${encodeURIComponent(id)}/cancel`, { method: "POST" }),
  queue: () => ask<QueueOut>("/api/queue"),
  upcoming: () => ask<JobsOut>("/api/queue/upcoming?limit=1000"),
  login: (token: string) => ask<null>("/api/login", { method: "POST", body: { token } }),
  logout: () => ask<null>("/api/logout", { method: "POST" }),
  pause: () => ask<QueueOut>("/api/queue/pause", { method: "POST" }),
  resume: () => ask<QueueOut>("/api/queue/resume", { method: "POST" }),

  workflows: (after = "") => ask<SavedListOut>(`/api/workflows?limit=1000&after=${encodeURIComponent(after)}`),
  workflow: (name: string, version?: number) =>
    ask<DocumentOut>(saved(name) + (version === undefined ? "" : `?version=${version}`)),
  versions: (name: string) => ask<VersionsOut>(`${saved(name)}/versions`),
  save: (name: string, workflow: Workflow, expected: number | null, note = "") =>
    ask<VersionOut>(saved(name), { method: "PUT", body: { workflow: sent(workflow), expected, note } }),
  setThumbnail: (name: string, picture: Blob) =>
    ask<null>(`${saved(name)}/thumbnail`, { method: "PUT", bytes: picture }),
  remove: (name: string) => ask<null>(saved(name), { method: "DELETE" }),

  /** What oneself has said of a result. */
  ratings: (digest: string) => ask<RatingsOut>(`/api/ratings?own=true&limit=1000&digest=${digest}`),
  star: (rated: StarsBody) => ask<RatingView>("/api/ratings/stars", { method: "PUT", body: rated }),
  prefer: (pair: PairBody) => ask<RatingView>("/api/ratings/pairs", { method: "PUT", body: pair }),
  unrate: (number: number) => ask<null>(`/api/ratings/given/${number}`, { method: "DELETE" }),

  /** What a file of this machine says of its origin: any kind that carries anything. */
  carriedIn: (file: Blob) => ask<CarriedOut>("/api/carried", { method: "POST", bytes: file }),
  /** The same of a file that the service has. */
  carriedBy: (digest: string) => ask<CarriedOut>(`/api/carried/${digest}`),

  upload: async (file: Blob): Promise<AssetOut> => {
    const bytes = await file.arrayBuffer();
    const digest = hex(await crypto.subtle.digest("SHA-256", bytes));
    return ask<AssetOut>(`/api/assets/${digest}`, { method: "PUT", bytes });
  },
};

export const resultUrl = (digest: string) => `/api/results/${digest}`;
export const assetUrl = (digest: string) => `/api/assets/${digest}`;
export const pictureUrl = (reference: string) => `/api/picture?file=${encodeURIComponent(reference)}`;
export const thumbnailUrl = (name: string) => `${saved(name)}/thumbnail`;

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
