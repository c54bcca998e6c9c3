/** A mask while it is painted: how opaque the canvas is, is how much of the picture may change. */
import { t } from "~/i18n/language";
import { type Brush, type Dab, dabs } from "./stroke";

const MOST_STEPS = 20;
const MOST_BYTES = 256 * 2 ** 20;

export class Painting {
  private readonly context: CanvasRenderingContext2D;
  private readonly past: ImageData[] = [];
  private readonly future: ImageData[] = [];
  private last: Dab | null = null;
  private rest = 0;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly colour: string,
  ) {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error(t("mask.noCanvas"));
    this.context = context;
  }

  /** Takes a mask in that was painted before. */
  load(picture: CanvasImageSource): void {
    const { width, height } = this.canvas;
    this.context.clearRect(0, 0, width, height);
    this.context.drawImage(picture, 0, 0, width, height);
    this.tint();
  }

  begin(at: Dab, brush: Brush): void {
    this.remember();
    this.last = at;
    this.rest = 0;
    this.dab(at, brush);
  }

  move(to: Dab, brush: Brush): void {
    if (!this.last) return;
    const found = dabs(this.last, to, this.rest);
    for (const each of found.dabs) this.dab(each, brush);
    this.last = to;
    this.rest = found.rest;
  }

  end(): void {
    this.last = null;
  }

  clear(): void {
    this.remember();
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  invert(): void {
    this.remember();
    const pixels = this.read();
    for (let at = 3; at < pixels.data.length; at += 4) pixels.data[at] = 255 - (pixels.data[at] ?? 0);
    this.context.putImageData(pixels, 0, 0);
    this.tint();
  }

  undo(): void {
    this.travel(this.past, this.future);
  }

  redo(): void {
    this.travel(this.future, this.past);
  }

  /** Drops a stroke that has begun: a second finger came. */
  abandon(): void {
    this.last = null;
    this.undo();
    this.future.pop();
  }

  /** The mask as a picture whose alpha it is. */
  async save(): Promise<Blob> {
    const blob = await new Promise<Blob | null>((done) => this.canvas.toBlob(done, "image/png"));
    if (!blob) throw new Error(t("mask.unwritten"));
    return blob;
  }

  private dab({ x, y, radius }: Dab, { soft, isErasing }: Brush): void {
    const { context } = this;
    context.globalCompositeOperation = isErasing ? "destination-out" : "source-over";
    context.fillStyle = soft > 0 ? this.fading(x, y, radius, soft) : this.colour;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
    context.globalCompositeOperation = "source-over";
  }

  private fading(x: number, y: number, radius: number, soft: number): CanvasGradient {
    const fill = this.context.createRadialGradient(x, y, radius * (1 - soft), x, y, radius);
    fill.addColorStop(0, this.colour);
    fill.addColorStop(1, `${this.colour}00`);
    return fill;
  }

  /** Gives all that is opaque the one colour. */
  private tint(): void {
    this.context.globalCompositeOperation = "source-in";
    this.context.fillStyle = this.colour;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.context.globalCompositeOperation = "source-over";
  }

  private read(): ImageData {
    return this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
  }

  private remember(): void {
    this.future.length = 0;
    this.past.push(this.read());
    const most = Math.max(2, Math.min(MOST_STEPS, MOST_BYTES / (4 * this.canvas.width * this.canvas.height)));
    if (this.past.length > most) this.past.shift();
  }

  private travel(from: ImageData[], to: ImageData[]): void {
    const found = from.pop();
    if (!found) return;
    to.push(this.read());
    this.context.putImageData(found, 0, 0);
  }
}
