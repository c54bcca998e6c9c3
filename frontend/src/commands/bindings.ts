/** Which keys do what: those of the table, and what somebody has changed in this browser. */
import { create } from "zustand";
import { persist } from "zustand/middleware";
import { COMMANDS, type Command, command } from "./table";

interface Bindings {
  /** By command, the keys that stand for those of the table; none where it shall have none. */
  own: Readonly<Record<string, readonly string[]>>;
}

export const useBindings = create<Bindings>()(persist((): Bindings => ({ own: {} }), { name: "graphengine.keys" }));

const isKeys = (keys: unknown): keys is string[] =>
  Array.isArray(keys) && keys.every((each) => typeof each === "string");

/** The keys of a command, the one that is shown first. */
export function keysOf(command: Command, { own } = useBindings.getState()): readonly string[] {
  const kept = Object.hasOwn(own, command.id) ? own[command.id] : undefined;
  return isKeys(kept) ? kept : (command.keys ?? []); // what a browser keeps may be anything
}

/** The keys of a command that are shown, if it has any. */
export function keysFor(id: string, bindings = useBindings.getState()): string | undefined {
  const found = command(id);
  return found && keysOf(found, bindings)[0];
}

export function boundTo(keys: string, bindings = useBindings.getState()): Command | undefined {
  return COMMANDS.find((each) => keysOf(each, bindings).includes(keys));
}

/** Gives keys to a command, and takes them from any other. */
export function bind(command: Command, keys: string): void {
  const other = boundTo(keys);
  if (other && other !== command) change(other, without(keysOf(other), keys));
  change(command, [keys, ...without(keysOf(command), keys)]);
}

export function unbind(command: Command, keys: string): void {
  change(command, without(keysOf(command), keys));
}

/** Gives a command the keys of the table again, and takes those from others that have them now. */
export function reset(command: Command): void {
  for (const keys of command.keys ?? []) {
    const other = boundTo(keys);
    if (other && other !== command) change(other, without(keysOf(other), keys));
  }
  change(command, command.keys ?? []);
}

export function resetAll(): void {
  useBindings.setState({ own: {} });
}

/** Why keys can stand for no command, as a key of the words; null where they can. */
export function whyNot(keys: string): "modifier" | "escape" | null {
  const key = keys.endsWith("+") ? "+" : (keys.split("+").at(-1) ?? "");
  if (["Control", "Shift", "Alt", "Meta", "AltGraph", "Dead", "Unidentified"].includes(key)) return "modifier";
  return key === "Escape" ? "escape" : null;
}

function change(command: Command, keys: readonly string[]): void {
  const { [command.id]: _, ...rest } = useBindings.getState().own;
  const isUsual = keys.join(" ") === (command.keys ?? []).join(" ");
  useBindings.setState({ own: isUsual ? rest : { ...rest, [command.id]: keys } });
}

const without = (list: readonly string[], keys: string) => list.filter((each) => each !== keys);
