/** JSON that loses nothing: whole numbers beyond 2^53 become bigints, and are written as they came. */
import { isInteger, isSafeNumber, parse, stringify } from "lossless-json";

function numberOf(text: string): number | bigint {
  return isInteger(text) && !isSafeNumber(text) ? BigInt(text) : Number(text);
}

/** @throws SyntaxError where the text is not JSON. */
export function parseJson(text: string): unknown {
  return parse(text, undefined, numberOf);
}

export function writeJson(value: unknown, indent?: number): string {
  return stringify(value, undefined, indent) ?? "null";
}
