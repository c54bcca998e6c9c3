// Writes src/api/generated from the service's own schemas; with --check it fails if what lies there is another.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const folder = join(here, "..", "src", "api", "generated");
const local = join(root, ".venv", "bin", "python");
const python = process.env.PYTHON ?? (existsSync(local) ? local : "python3");

const OPTIONS = {
  bannerComment: "// Made by `npm run types` from the service's schemas: change those, not this.",
  additionalProperties: false,
  format: true,
  style: { printWidth: 120 },
  unreachableDefinitions: true,
};

function schema(...flags) {
  const told = spawnSync(python, ["-m", "graphengine", "schema", ...flags], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (told.status !== 0) throw new Error(`${python} could not print the schema: ${told.error ?? told.stderr}`);
  return JSON.parse(told.stdout);
}

/** Titles become names of types; those of single fields would only make aliases. */
function untitled(value, isSchema = false) {
  if (Array.isArray(value)) return value.map((each) => untitled(each));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([key, each]) => !(key === "title" && typeof each === "string"));
  return Object.fromEntries(entries.map(([key, each]) => [key, untitled(each, isSchema)]));
}

function service() {
  const text = JSON.stringify(schema("--api").components.schemas).replaceAll("#/components/schemas/", "#/$defs/");
  return { $defs: JSON.parse(text), type: "object", additionalProperties: false };
}

const parts = {
  workflow: () => compile(untitled(schema()), "Workflow", OPTIONS),
  messages: () => compile(untitled(schema("--messages")), "Messages", OPTIONS),
  service: () => compile(untitled(service()), "Service", OPTIONS),
};

// where a type is used says nothing that a reader wants to know
const REFERENCES = /^( *\*\n)? *\* This (interface|type) was referenced by [^\n]*\n *\* via [^\n]*\n/gm;

let stale = false;
for (const [name, make] of Object.entries(parts)) {
  const path = join(folder, `${name}.ts`);
  const text = (await make()).replace(REFERENCES, "").replace(/^ *\/\*\*\n *\*\/\n/gm, "");
  if (process.argv.includes("--check")) {
    const isSame = existsSync(path) && readFileSync(path, "utf8") === text;
    if (!isSame) console.error(`src/api/generated/${name}.ts is stale: npm run types`);
    stale ||= !isSame;
  } else {
    writeFileSync(path, text);
  }
}
process.exit(stale ? 1 : 0);
