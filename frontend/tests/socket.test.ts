/** The place in the log: over broken connections every entry is taken once, and in order. */
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { type Event, packed, type Request, unpacked } from "~/api/messages";
import { Place } from "~/api/place";
import { Socket } from "~/api/socket";

const event = (seq: number): Event => ({
  type: "event",
  seq,
  epoch: "e",
  job: "j",
  owner: "local",
  kind: "started",
  time: "2026-01-01T00:00:00Z",
  data: {},
});

test("entries that come again are taken once, however the connection breaks", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { minLength: 1, maxLength: 10 }), (connections) => {
      const heard: number[] = [];
      const place = new Place({ event: ({ seq }) => heard.push(seq), resync: () => {} });
      place.beginAfter(0, "e");
      let written = 0;
      for (const [news, told] of connections) {
        written += news;
        const asked = place.request("1");
        expect(asked.since).toBe(heard.at(-1) ?? 0);
        place.take({ type: "reply", id: "1", result: { seq: asked.since, epoch: "e" } });
        const from = Math.max(0, (asked.since ?? 0) - 2); // and some that were there before
        for (let seq = from + 1; seq <= Math.min(written, from + told + 2); seq++) place.take(event(seq));
      }
      expect(heard).toEqual(heard.map((_, index) => index + 1));
    }),
  );
});

test("after a resync it goes on from the number that it names", () => {
  const heard: unknown[] = [];
  const place = new Place({ event: ({ seq }) => heard.push(seq), resync: (jobs) => heard.push(jobs.length) });
  place.beginAfter(5, "old");
  place.request("7");
  place.take({ type: "resync", epoch: "new", seq: 2, subscriptions: ["7"], jobs: [], complete: true });
  place.take({ type: "reply", id: "7", result: { seq: 2, epoch: "new" } });
  place.take({ ...event(2), epoch: "new" });
  place.take({ ...event(3), epoch: "new" });
  expect(heard).toEqual([0, 3]);
  expect(place.request("8")).toMatchObject({ since: 3, epoch: "new" });
});

class Wire {
  static all: Wire[] = [];
  readyState = 1;
  binaryType = "";
  sent: Request[] = [];
  onmessage: ((frame: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    Wire.all.push(this);
  }
  send(bytes: Uint8Array<ArrayBuffer>) {
    this.sent.push(unpacked(bytes.slice().buffer) as unknown as Request);
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
  say(message: object) {
    this.onmessage?.({ data: encode(message).slice().buffer });
  }
}

test("a lost connection is made again, and goes on where it was", () => {
  vi.useFakeTimers();
  const links: string[] = [];
  const heard: number[] = [];
  const socket = new Socket(
    "ws://x",
    {
      event: ({ seq }) => heard.push(seq),
      resync: () => {},
      progress: () => {},
      preview: () => {},
      link: (state) => links.push(state),
      known: (_, newest) => newest - 2,
    },
    () => new Wire() as unknown as WebSocket,
  );
  socket.connect();
  const first = Wire.all[0] as Wire;
  first.say({ type: "hello", epoch: "e", seq: 9, owner: "local", version: "1" });
  expect(first.sent[0]).toMatchObject({ type: "list", own: true });
  first.say({ type: "reply", id: "1", result: { jobs: [], cursor: null } });
  expect(first.sent[1]).toMatchObject({ type: "subscribe", since: 7, epoch: "e" });
  first.say({ type: "reply", id: "2", result: { seq: 7, epoch: "e" } });
  for (const seq of [8, 9]) first.say(event(seq));
  first.close();
  vi.advanceTimersByTime(300);
  const second = Wire.all[1] as Wire;
  second.say({ type: "hello", epoch: "e", seq: 10, owner: "local", version: "1" });
  expect(second.sent[0]).toMatchObject({ type: "subscribe", since: 9, epoch: "e" });
  second.say({ type: "reply", id: "3", result: { seq: 9, epoch: "e" } });
  for (const seq of [9, 10]) second.say(event(seq));
  expect(heard).toEqual([8, 9, 10]);
  expect(links).toEqual(["connecting", "open", "lost", "lost", "open"]);
  socket.close();
  vi.useRealTimers();
});

test("whole numbers of eight bytes come as numbers where they fit", () => {
  const bytes = packed({ type: "subscribe", id: "1", since: 2 ** 40 });
  expect(unpacked(bytes.slice().buffer)).toMatchObject({ since: 2 ** 40 });
});
