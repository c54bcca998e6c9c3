/** The fields of the app view: the named inputs of the workflow, in their order; how they look is in its view. */
import type { Draft } from "immer";
import type { Input } from "~/catalog/catalog";
import type { SocketFinder } from "~/catalog/sockets";
import { setValue } from "~/doc/edit";
import { type Address, addressOf, type Part, sourceOf, type Workflow, written } from "~/doc/model";
import { freeName } from "~/doc/names";

/** Where it stands in the view of a document: fields that are not of the format begin so. */
const VIEW = "x-app";

export interface Look {
  group?: string;
  /** Where the hand stops, narrower than what is allowed. */
  low?: number;
  high?: number;
}

export interface AppField {
  /** The name of the workflow's input. */
  name: string;
  title: string;
  look: Look;
  targets: readonly Address[];
  input: Input;
  value: unknown;
}

export interface FieldGroup {
  title: string;
  fields: readonly AppField[];
}

/** The fields that can be written: those whose first socket is there, and not plugged. */
export function fieldsOf(doc: Workflow, finder: SocketFinder): AppField[] {
  const looks = looksOf(doc);
  return Object.entries(doc.inputs ?? {}).flatMap(([name, entry]) => {
    const targets = entry.to.map(addressOf);
    const first = targets[0];
    const found = first ? finder.input(doc, first.node, first.name, doc) : null;
    const value = first ? doc.nodes?.[first.node]?.inputs?.[first.name] : undefined;
    if (!found || sourceOf(value)) return [];
    const look = looks[name] ?? {};
    return [{ name, title: entry.title || name, look, targets, input: limited(found, look), value }];
  });
}

/** Fields by group, each group where its first field stands. */
export function groupsOf(fields: readonly AppField[]): FieldGroup[] {
  const groups = new Map<string, AppField[]>();
  for (const field of fields) {
    const title = field.look.group ?? "";
    const known = groups.get(title);
    if (known) known.push(field);
    else groups.set(title, [field]);
  }
  return [...groups].map(([title, each]) => ({ title, fields: each }));
}

export function looksOf(doc: Workflow): Readonly<Record<string, Look>> {
  return (doc.view?.[VIEW] as { fields?: Record<string, Look> } | undefined)?.fields ?? {};
}

/** The name under which a socket is an input of a part, or null. */
export function starOf(part: Part, address: Address): string | null {
  const text = written(address);
  return Object.entries(part.inputs ?? {}).find(([, entry]) => entry.to.includes(text))?.[0] ?? null;
}

/** Makes a socket a named input of its part, or no longer one. */
export function toggleStar(part: Draft<Part>, address: Address, title = ""): void {
  const text = written(address);
  part.inputs ??= {};
  const inputs = part.inputs;
  const known = starOf(part as Part, address);
  if (known === null) {
    const name = freeName(address.name, (each) => Object.hasOwn(inputs, each));
    inputs[name] = title ? { to: [text], title } : { to: [text] };
    return;
  }
  const rest = inputs[known]?.to.filter((each) => each !== text) ?? [];
  if (rest.length > 0 && inputs[known]) inputs[known].to = rest as [string, ...string[]];
  else delete inputs[known];
}

export function setFieldValue(doc: Draft<Workflow>, field: Pick<AppField, "targets">, value: unknown): void {
  for (const target of field.targets) setValue(doc, target, value);
}

export function retitle(doc: Draft<Workflow>, name: string, title: string): void {
  const entry = doc.inputs?.[name];
  if (!entry) return;
  if (title) entry.title = title;
  else delete entry.title;
}

/** Moves a field to where another one stands. */
export function moveField(doc: Draft<Workflow>, name: string, to: string): void {
  const names = Object.keys(doc.inputs ?? {});
  const [from, at] = [names.indexOf(name), names.indexOf(to)];
  if (from < 0 || at < 0 || from === at) return;
  names.splice(from, 1);
  names.splice(at, 0, name);
  const inputs = doc.inputs ?? {};
  doc.inputs = Object.fromEntries(names.flatMap((each) => (inputs[each] ? [[each, inputs[each]]] : [])));
}

/** Sets how a field looks; undefined forgets a setting. */
export function setFieldLook(doc: Draft<Workflow>, name: string, look: { [key in keyof Look]: Look[key] | undefined }) {
  doc.view ??= {};
  const app = (doc.view[VIEW] ?? {}) as { fields?: Record<string, Look> };
  const merged = Object.entries({ ...app.fields?.[name], ...look }).filter(([, value]) => value !== undefined);
  const { [name]: _, ...others } = app.fields ?? {};
  const fields = merged.length > 0 ? { ...others, [name]: Object.fromEntries(merged) } : others;
  doc.view[VIEW] = { ...app, fields };
}

/** An input whose hand stops earlier, on a track if both ends are known. */
function limited(input: Input, { low, high }: Look): Input {
  if (low === undefined && high === undefined) return input;
  const { minimum, maximum } = input.schema as { minimum?: number; maximum?: number };
  const schema = { ...input.schema, minimum: low ?? minimum, maximum: high ?? maximum };
  const isTrack = schema.minimum !== undefined && schema.maximum !== undefined;
  return {
    ...input,
    schema,
    widget: isTrack ? { ...input.widget, kind: "slider", low: null, high: null } : input.widget,
  };
}
