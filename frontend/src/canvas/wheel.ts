/** Two fingers on a trackpad pan; a wheel zooms, and so do pinching and Ctrl with either. */

type Wheel = Pick<WheelEvent, "deltaX" | "deltaY" | "deltaMode" | "ctrlKey" | "metaKey" | "timeStamp">;

const NOTCH = 100; // a wheel's notch is this or 120 pixels, or some lines; a trackpad's steps are finer
const ONE_GESTURE = 250; // milliseconds

/** Tells trackpads from wheels, as browsers do not. What comes in one gesture comes from one hand. */
export class Hand {
  private last = Number.NEGATIVE_INFINITY;
  private isPad = false;

  /** Whether a turn is meant to pan. */
  pans(event: Wheel): boolean {
    if (event.ctrlKey || event.metaKey) return false;
    const goesOn = event.timeStamp - this.last < ONE_GESTURE;
    this.last = event.timeStamp;
    if (!goesOn || !this.isPad) this.isPad = isFine(event);
    return this.isPad;
  }
}

function isFine({ deltaX, deltaY, deltaMode }: Wheel): boolean {
  if (deltaMode !== 0) return false;
  if (deltaX !== 0) return true; // a wheel has one way; with Shift the other, and then it pans as well
  return Math.abs(deltaY) < NOTCH && deltaY % 40 !== 0;
}
