/** The websocket: connects, and connects again, and goes on in the log where it was. */
import {
  type JobView,
  type Message,
  PROTOCOL,
  type Preview,
  type Progress,
  packed,
  type Request,
  unpacked,
} from "./messages";
import { type Heard, Place } from "./place";

export type Link = "connecting" | "open" | "lost";

export interface Listener extends Heard {
  progress(progress: Progress): void;
  preview(preview: Preview): void;
  link(state: Link): void;
  /** Jobs that were there before, on the first connection. Returns the number after which their entries are wanted. */
  known(jobs: readonly JobView[], newest: number): number;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;
const SILENCE = 8_000;
const MOST = 200;

export class Socket {
  private readonly place: Place;
  private socket: WebSocket | null = null;
  private wait = FIRST_WAIT;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private count = 0;
  private list = "";
  private isClosed = false;
  private newest = 0;
  private epoch = "";

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
    private readonly open: (url: string, protocol: string) => WebSocket = (to, protocol) => new WebSocket(to, protocol),
  ) {
    this.place = new Place(listener);
  }

  connect(): void {
    clearTimeout(this.timer);
    this.listener.link(this.place.since === null ? "connecting" : "lost");
    const socket = this.open(this.url, PROTOCOL);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    const late = setTimeout(() => socket.close(), SILENCE);
    socket.onmessage = (frame) => {
      clearTimeout(late);
      if (socket === this.socket) this.hear(unpacked(frame.data as ArrayBuffer));
    };
    socket.onclose = () => {
      clearTimeout(late);
      if (socket === this.socket) this.again();
    };
  }

  /** Tries now, if it is waiting: the network came back, or somebody looks again. */
  wake(): void {
    if (this.socket === null && !this.isClosed) this.connect();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = null;
  }

  private again(): void {
    this.socket = null;
    if (this.isClosed) return;
    this.listener.link("lost");
    this.timer = setTimeout(() => this.connect(), this.wait * (0.5 + Math.random() / 2));
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }

  private hear(message: Message): void {
    if (message.type === "hello") {
      this.wait = FIRST_WAIT;
      this.epoch = message.epoch;
      this.newest = message.seq;
      if (this.place.since === null) this.send({ type: "list", id: this.next("list"), own: true, limit: MOST });
      else this.subscribe();
    } else if (message.type === "reply" && message.id === this.list) {
      const jobs = (message.result?.jobs as JobView[] | undefined) ?? [];
      this.place.beginAfter(this.listener.known(jobs, this.newest), this.epoch);
      this.subscribe();
    } else if (message.type === "progress") this.listener.progress(message);
    else if (message.type === "preview") this.listener.preview(message);
    else this.place.take(message);
  }

  private subscribe(): void {
    this.send(this.place.request(this.next()));
    this.listener.link("open");
  }

  private next(what?: "list"): string {
    const id = `${++this.count}`;
    if (what) this.list = id;
    return id;
  }

  private send(request: Request): void {
    if (this.socket?.readyState === 1) this.socket.send(packed(request));
  }
}
