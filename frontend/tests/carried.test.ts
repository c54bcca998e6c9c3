/** What files carry: read by the service, and where that does not answer, of a PNG here. */
import { afterEach, expect, test, vi } from "vitest";
import { Refused, Unreachable } from "~/api/http";
import { workflowIn } from "~/commands/carried";
import { isDocument, NoWorkflow, pngText } from "~/doc/file";

const doc = { format: "graphengine.workflow", version: 1, nodes: { a: { type: "x", inputs: { seed: 2n ** 60n } } } };
const text =
  '{"format":"graphengine.workflow","version":1,"nodes":{"a":{"type":"x","inputs":{"seed":1152921504606846976}}}}';
const JPEG = new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16])], { type: "image/jpeg" });

/** A PNG as far as its chunks go: nobody looks at what it shows, or at its checksums. */
function png(text: string): Blob {
  const latin = (word: string) => Uint8Array.from(word, (letter) => letter.charCodeAt(0));
  const chunk = (kind: string, body: Uint8Array<ArrayBuffer>) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, body.length);
    return [length, latin(kind), body, new Uint8Array(4)];
  };
  const body = new Uint8Array([...latin("graphengine.workflow\0\0\0\0\0"), ...new TextEncoder().encode(text)]);
  const chunks = [chunk("IHDR", new Uint8Array(13)), chunk("iTXt", body), chunk("IEND", new Uint8Array())];
  return new Blob([latin("\x89PNG\r\n\x1a\n"), ...chunks.flat()], { type: "image/png" });
}

const asked: string[] = [];
function answers(make: () => Response | Promise<Response>): void {
  vi.stubGlobal("fetch", (path: string, { method }: RequestInit) => {
    asked.push(`${method} ${path}`);
    return make();
  });
}
const json = (body: string, status = 200) =>
  new Response(body, { status, headers: { "Content-Type": "application/json" } });

afterEach(() => {
  vi.unstubAllGlobals();
  asked.length = 0;
});

test("text is read here", async () => {
  answers(() => json("{}"));
  expect(await workflowIn(new Blob([`\n ${text}`]), "a.json")).toEqual(doc);
  await expect(workflowIn(new Blob(["# words"]), "a.md")).rejects.toThrow("a.md is not JSON");
  expect(asked).toEqual([]);
});

test("whatever else there is, the service reads", async () => {
  answers(() => json(`{"workflow":${text},"lock":null}`));
  expect(await workflowIn(JPEG, "a.jpg")).toEqual(doc);
  expect(asked).toEqual(["POST /api/carried"]);
  answers(() => json('{"workflow":null,"lock":null}'));
  await expect(workflowIn(JPEG, "a.jpg")).rejects.toThrow(NoWorkflow);
  await expect(workflowIn(png(text), "a.png")).rejects.toThrow("a.png carries no workflow"); // it knows better
  answers(() => json('{"workflow":{"format":"other"},"lock":null}'));
  await expect(workflowIn(JPEG, "a.jpg")).rejects.toThrow("a.jpg is not a workflow of graphengine");
});

test("without the service a PNG can be read", async () => {
  answers(() => Promise.reject(new TypeError("no network")));
  expect(await workflowIn(png(text), "a.png")).toEqual(doc);
  await expect(workflowIn(JPEG, "a.jpg")).rejects.toThrow(Unreachable);
  await expect(workflowIn(JPEG, "a.jpg")).rejects.toThrow("a.jpg could not be read");
  answers(() => json('{"code":"forbidden","detail":"the token has not the scope"}', 403));
  expect(await workflowIn(png(text), "a.png")).toEqual(doc);
  await expect(workflowIn(JPEG, "a.jpg")).rejects.toThrow(Refused);
});

test("kinds are told apart by how they begin", async () => {
  expect(isDocument(new TextEncoder().encode("﻿{\r\n\t“"))).toBe(true);
  expect(isDocument(new Uint8Array(await JPEG.arrayBuffer()))).toBe(false);
  for (const body of ["ply\nformat ascii 1.0\n", "ply\r\nformat", "# graphengine: {"])
    expect(isDocument(new TextEncoder().encode(body))).toBe(false);
  expect(pngText(new Uint8Array(await JPEG.arrayBuffer()))).toBe(null);
  expect(pngText(new Uint8Array(await png("{}").arrayBuffer()))).toBe("{}");
});
