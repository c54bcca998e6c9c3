/**
 * What was, for undo and redo. Documents never change and share what is the same, so a whole one is kept for each
 * step: going back gives the same document to the last byte, the order of its keys included.
 */

export interface Step<T> {
  /** What was done, for people. */
  label: string;
  before: T;
  after: T;
}

export interface History<T> {
  readonly past: readonly Step<T>[];
  readonly future: readonly Step<T>[];
  /** The gesture that the newest step belongs to: more of the same goes into that step. */
  readonly gesture: string | null;
  readonly touched: number;
}

const MOST = 500;
const PAUSE = 1_000; // milliseconds after which the same gesture is a new one

export function emptyHistory<T>(): History<T> {
  return { past: [], future: [], gesture: null, touched: 0 };
}

export function record<T>(history: History<T>, step: Step<T>, gesture: string | null, now: number): History<T> {
  if (step.before === step.after) return history;
  const last = history.past.at(-1);
  const goesOn = last && gesture !== null && gesture === history.gesture && now - history.touched < PAUSE;
  const past = goesOn
    ? [...history.past.slice(0, -1), { ...last, after: step.after }]
    : [...history.past.slice(-MOST + 1), step];
  return { past, future: [], gesture, touched: now };
}

/** The history one step back, and what was then; null where there is no step. */
export function undo<T>(history: History<T>): { history: History<T>; state: T; label: string } | null {
  const step = history.past.at(-1);
  if (!step) return null;
  const next = { ...history, past: history.past.slice(0, -1), future: [...history.future, step], gesture: null };
  return { history: next, state: step.before, label: step.label };
}

export function redo<T>(history: History<T>): { history: History<T>; state: T; label: string } | null {
  const step = history.future.at(-1);
  if (!step) return null;
  const next = { ...history, past: [...history.past, step], future: history.future.slice(0, -1), gesture: null };
  return { history: next, state: step.after, label: step.label };
}
