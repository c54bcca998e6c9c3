/** The weight of a part of a prompt, written `(words:1.2)`. */

export interface Marked {
  text: string;
  from: number;
  to: number;
}

const LEAST = 0;
const MOST = 10;

/** Changes the weight of what is selected, or of the word at the cursor. */
export function weighted(text: string, from: number, to: number, by: number): Marked {
  const [begin, end] = from === to ? wordAt(text, from) : trimmed(text, from, to);
  if (begin === end) return { text, from, to };
  const around = groupAround(text, begin, end);
  const words = around ? around.words : text.slice(begin, end);
  const weight = Math.min(Math.max(Math.round(((around?.weight ?? 1) + by) * 100) / 100, LEAST), MOST);
  const first = around?.from ?? begin;
  const written = weight === 1 ? words : `(${words}:${weight})`;
  const whole = text.slice(0, first) + written + text.slice(around?.to ?? end);
  const at = weight === 1 ? first : first + 1;
  return { text: whole, from: at, to: at + words.length };
}

function wordAt(text: string, at: number): [number, number] {
  const isWord = (index: number) => /[^\s,()[\]:]/.test(text[index] ?? " ");
  let [begin, end] = [at, at];
  while (begin > 0 && isWord(begin - 1)) begin--;
  while (end < text.length && isWord(end)) end++;
  return [begin, end];
}

function trimmed(text: string, from: number, to: number): [number, number] {
  const part = text.slice(from, to);
  const lead = part.length - part.trimStart().length;
  return [from + lead, from + lead + part.trim().length];
}

/** The group `(words:weight)` whose words are exactly, or hold, a range. */
function groupAround(text: string, begin: number, end: number) {
  for (const found of text.matchAll(/\(([^():]*):(\d*\.?\d+)\)/g)) {
    const from = found.index;
    const words = found[1] ?? "";
    if (from < begin && end <= from + 1 + words.length) {
      return { from, to: from + found[0].length, words, weight: Number(found[2]) };
    }
  }
  return null;
}
