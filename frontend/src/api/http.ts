/** Requests to the service, and its answers: data, or one error that says what a person can do. */
import type { FaultOut } from "./generated/service";
import { parseAnswer, writeJson } from "./json";

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly document: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }

  get faults(): readonly FaultOut[] {
    return (this.document.faults as FaultOut[] | undefined) ?? [];
  }
}

/** The service does not answer. */
export class Unreachable extends Error {}

type Method = "GET" | "POST" | "PUT" | "DELETE";

export interface Options {
  method?: Method;
  body?: unknown;
  /** Bytes, in place of a body of JSON. */
  bytes?: Blob | ArrayBuffer;
  signal?: AbortSignal;
}

/**
 * Returns the data of an answer, or null where it has none.
 *
 * @throws Refused where the service says no; Unreachable where it says nothing.
 */
export async function ask<T>(path: string, options: Options = {}): Promise<T> {
  const { method = "GET", body, bytes, signal } = options;
  const headers: Record<string, string> = {};
  if (bytes !== undefined) headers["Content-Type"] = "application/octet-stream";
  else if (method === "POST" || method === "PUT") headers["Content-Type"] = "application/json";
  const sent = bytes ?? (headers["Content-Type"] ? writeJson(body ?? {}) : undefined);
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body: sent, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable("the service does not answer");
  }
  const data = await read(response);
  if (response.ok) return data as T;
  const document = (data ?? {}) as Record<string, unknown>;
  const detail = String(document.detail ?? response.statusText);
  throw new Refused(response.status, String(document.code ?? "unknown"), detail, document);
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!text || !(response.headers.get("Content-Type") ?? "").includes("json")) return null;
  try {
    return parseAnswer(text);
  } catch {
    return null; // a proxy between us and the service
  }
}
