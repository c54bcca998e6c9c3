/** Every node that the service has: its form is there, and what is written into it comes back as it was. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { produce } from "immer";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { NodeOut } from "~/api/generated/service";
import { parseJson } from "~/api/json";
import { type Input, isWritable } from "~/catalog/catalog";
import { setValue } from "~/doc/edit";
import { parseWorkflow, workflowText } from "~/doc/file";
import type { Workflow } from "~/doc/model";
import { widgetOf } from "~/widgets/registry";

const root = fileURLToPath(new URL("../..", import.meta.url));
const local = `${root}.venv/bin/python`;
const python = process.env.PYTHON ?? (existsSync(local) ? local : "python3");

function catalogue(): NodeOut[] {
  const text = execFileSync(python, ["-m", "graphengine", "nodes", "--json"], { cwd: root, encoding: "utf8" });
  return (parseJson(text) as { nodes: NodeOut[] }).nodes;
}

/** A value that an input takes, and that is not its default where there is another. */
function sampleOf({ schema, type, default: fallback, widget }: Input): unknown {
  if (widget?.kind === "colour") return "#336699";
  const words = schema.enum as unknown[] | undefined;
  if (words) return words.find((word) => word !== fallback) ?? words[0];
  if (type === "File") return "pictures/a b.png";
  if (type === "Seed") return 18446744073709551615n;
  const least = Number(schema.minimum ?? schema.exclusiveMinimum ?? 0);
  const most = Number(schema.maximum ?? least + 3);
  const samples: Record<string, unknown> = {
    boolean: fallback !== true,
    integer: Math.min(least + 2, most),
    number: (least + most) / 2,
    string: 'a "red" <circle>\nand more',
    array: [],
  };
  return samples[String(schema.type)] ?? { any: ["value"] };
}

/** What is shown of a value. */
function readOf(kind: string, markup: string): string {
  if (kind === "boolean") return String(/aria-checked="true"/.test(markup));
  const plain = (text = "") =>
    text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  if (kind === "choice" || kind === "file") return plain(/<span>([^<]*)<\/span>/.exec(markup)?.[1]);
  if (markup.includes("<textarea")) return plain(/<textarea[^>]*>([^<]*)</.exec(markup)?.[1]).replace(/^\n/, "");
  return plain(/<input[^>]* value="([^"]*)"/.exec(markup)?.[1]);
}

const nodes = catalogue();

test("there are nodes", () => expect(nodes.length).toBeGreaterThan(30));

const rows = nodes.flatMap((node) =>
  (node.inputs as Input[]).filter(isWritable).map((input) => [`${node.id}.${input.name}`, node.id, input] as const),
);

test.each(rows)("%s", (_, id, input) => {
  const widget = widgetOf(input);
  if (!widget) throw new Error("an input that can be written has a widget");
  const value = sampleOf(input);
  for (const isWide of [false, true]) {
    const props = { input, value, isDefault: false, label: input.name, id: `a.${input.name}`, node: "a", isWide };
    const markup = renderToStaticMarkup(createElement(widget.View, { ...props, set: () => {} }));
    expect(markup).toContain(input.name);
    const read = readOf(widget.kind, markup);
    if (["json", "records", "curve"].includes(widget.kind)) continue;
    if (typeof value === "number") expect(Number(read)).toBe(value);
    else expect(read.replaceAll(/\s+/g, " ")).toBe(String(value).replaceAll(/\s+/g, " "));
  }
  const doc: Workflow = { format: "graphengine.workflow", version: 1, nodes: { a: { type: id } } };
  const written = produce(doc, (draft) => setValue(draft, { node: "a", name: input.name }, value));
  expect(parseWorkflow(workflowText(written), "x").nodes?.a?.inputs?.[input.name]).toEqual(value);
});
