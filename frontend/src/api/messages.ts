/** What the service says on the websocket, and how it is read. */
import { decode, encode } from "@msgpack/msgpack";
import type { Event, Hello, List, Preview, Progress, Reply, Resync, Subscribe } from "./generated/messages";

export type { Event, Hello, JobView, Preview, Progress, Reply, Resync, Step, Subscribe } from "./generated/messages";

export type Message = Hello | Reply | Event | Progress | Preview | Resync;
export type Request = Subscribe | List;

export const PROTOCOL = "graphengine.v1.msgpack";

export function packed(request: Request): Uint8Array<ArrayBuffer> {
  return encode(request, { useBigInt64: true, ignoreUndefined: true });
}

/** @throws Error where the bytes are not msgpack. */
export function unpacked(bytes: ArrayBuffer): Message {
  return plain(decode(bytes, { useBigInt64: true })) as Message;
}

/** Whole numbers come as bigints where they take eight bytes; those that fit become numbers again. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  const found = value as Record<string, unknown>;
  for (const key of Object.keys(found)) found[key] = plain(found[key]);
  return found;
}
