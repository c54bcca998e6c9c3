/** What a record is made of, by its schema; pure. */

export type Rec = Readonly<Record<string, unknown>>;

export interface FieldSchema {
  name: string;
  type: string;
  words?: readonly string[];
  fallback: unknown;
}

interface Schema {
  type?: unknown;
  items?: unknown;
  properties?: Record<string, { type?: unknown; enum?: unknown; default?: unknown }>;
  $defs?: Record<string, unknown>;
  $ref?: unknown;
}

const SIMPLE = new Set(["boolean", "number", "integer", "string"]);
const EMPTY: Record<string, unknown> = { boolean: false, number: 0, integer: 0, string: "" };

/** The fields of the records of a list; none where it is no list of flat records. */
export function fieldsOf(schema: Readonly<Record<string, unknown>>): FieldSchema[] {
  const list = schema as Schema;
  if (list.type !== "array") return [];
  const properties = Object.entries(resolved(list.items as Schema | undefined, list)?.properties ?? {});
  const fields = properties.map(([name, each]): FieldSchema => {
    const words = Array.isArray(each.enum) ? { words: each.enum.map(String) } : {};
    const type = String(each.type ?? "");
    return { name, type, ...words, fallback: each.default ?? words.words?.[0] ?? EMPTY[type] };
  });
  return fields.every(({ type }) => SIMPLE.has(type)) ? fields : [];
}

function resolved(schema: Schema | undefined, root: Schema): Schema | undefined {
  const name = typeof schema?.$ref === "string" ? schema.$ref.split("/").at(-1) : undefined;
  return name === undefined ? schema : (root.$defs?.[name] as Schema | undefined);
}

export function blank(fields: readonly FieldSchema[]): Rec {
  return Object.fromEntries(fields.map(({ name, fallback }) => [name, fallback]));
}
