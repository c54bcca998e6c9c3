/** The range and the step of a number, from its schema and hint. */
import type { Input } from "~/catalog/catalog";

export interface Range {
  isWhole: boolean;
  /** What is allowed. */
  least: number;
  most: number;
  /** Where the hand stops. */
  low: number;
  high: number;
  step: number;
}

export function rangeOf(input: Input): Range {
  const { schema, widget } = input;
  const isWhole = schema.type === "integer";
  const figure = (value: unknown) => (typeof value === "number" ? value : undefined);
  const least = figure(schema.minimum) ?? figure(schema.exclusiveMinimum) ?? Number.NEGATIVE_INFINITY;
  const most = figure(schema.maximum) ?? figure(schema.exclusiveMaximum) ?? Number.POSITIVE_INFINITY;
  const low = figure(widget?.low) ?? least;
  const high = figure(widget?.high) ?? most;
  const span = high - low;
  const step = figure(widget?.step) ?? (isWhole ? 1 : Number.isFinite(span) && span <= 2 ? 0.01 : 0.1);
  return { isWhole, least, most, low, high, step };
}

/** A number as near to the wish as is allowed. */
export function clamp(value: number, range: Range): number {
  const bounded = Math.min(Math.max(value, range.least), range.most);
  return range.isWhole ? Math.round(bounded) : Number(bounded.toPrecision(12));
}

/** A number on the raster of the hand's steps. */
export function snap(value: number, range: Range, isFine: boolean): number {
  const step = isFine && !range.isWhole ? range.step / 10 : range.step;
  const stepped = Math.round(value / step) * step;
  return clamp(Math.min(Math.max(stepped, range.low), range.high), range);
}

export function shown(value: unknown, range: Range): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "number") return "";
  if (range.isWhole) return String(value);
  const digits = Math.max(0, Math.min(4, -Math.floor(Math.log10(range.step))));
  const rounded = value.toFixed(digits);
  return Number(rounded) === value ? rounded : String(value);
}
