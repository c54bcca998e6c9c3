/** A place in the service's log, held over connections: every entry is taken once, in order. */
import type { Event, JobView, Message, Resync, Subscribe } from "./messages";

export interface Heard {
  event(event: Event): void;
  /** Entries are missing: how the jobs stand now. */
  resync(jobs: readonly JobView[], isComplete: boolean): void;
}

export class Place {
  private seq: number | null = null;
  private epoch: string | null = null;
  private id = "";
  private hasBegun = false;

  constructor(private readonly heard: Heard) {}

  /** Where the next connection goes on; null where it begins now. */
  get since(): number | null {
    return this.seq;
  }

  /** Sets where to begin, before the first connection: right after the entry `seq`. */
  beginAfter(seq: number, epoch: string): void {
    if (this.seq === null) [this.seq, this.epoch] = [seq, epoch];
  }

  /** The request with which a new connection goes on. */
  request(id: string): Subscribe {
    this.id = id;
    this.hasBegun = false;
    const place = this.seq === null ? {} : { since: this.seq, epoch: this.epoch };
    return { type: "subscribe", id, to: "own", live: true, ...place };
  }

  /** Takes what the service said; returns whether it was meant for here. */
  take(message: Message): boolean {
    if (message.type === "reply" && message.id === this.id && message.result) {
      this.hasBegun = true;
      this.epoch = String(message.result.epoch);
      this.seq ??= Number(message.result.seq);
    } else if (message.type === "resync" && message.subscriptions.includes(this.id)) {
      this.resync(message);
    } else if (message.type === "event") {
      this.event(message);
    } else {
      return false;
    }
    return true;
  }

  private event(event: Event): void {
    if (!this.hasBegun || event.seq <= (this.seq ?? -1)) return;
    this.seq = event.seq;
    this.heard.event(event);
  }

  private resync(message: Resync): void {
    this.seq = message.seq;
    this.epoch = message.epoch;
    this.heard.resync(message.jobs, message.complete);
  }
}
