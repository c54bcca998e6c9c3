/** The lock of a run, for people: what made its results beside the workflow; pure. */

/** A file that the run read, by the name that the workflow has for it. */
export interface LockedFile {
  name: string;
  sha256: string;
  bytes: number | null;
  /** Where it lay, if that was elsewhere. */
  found: string;
}

export interface Fact {
  name: string;
  value: string;
}

export interface Lock {
  models: readonly LockedFile[];
  inputs: readonly LockedFile[];
  /** The program, the libraries, the device and the settings. */
  facts: readonly Fact[];
  /** The versions of nodes. */
  nodes: readonly Fact[];
}

type Part = Readonly<Record<string, unknown>>;

const OWN = "builtin";

/** Reads a lock of this or another version: what it does not know it leaves out. Null where there is none. */
export function lockOf(told: unknown): Lock | null {
  if (!isPart(told)) return null;
  const settings = Object.entries(partOf(told, "settings"));
  return {
    models: filesOf(partOf(told, "models")),
    inputs: filesOf(partOf(told, "inputs")),
    facts: [
      ...(told.graphengine === undefined ? [] : [{ name: "graphengine", value: wordOf(told.graphengine) }]),
      ...Object.entries(partOf(told, "environment")).flatMap(([pack, facts]) => around(pack, facts)),
      ...settings.map(([name, value]) => ({ name, value: wordOf(value) })),
    ],
    nodes: Object.entries(partOf(told, "nodes")).map(([name, value]) => ({ name, value: wordOf(value) })),
  };
}

const isPart = (value: unknown): value is Part => value !== null && typeof value === "object" && !Array.isArray(value);

const partOf = (whole: Part, name: string): Part => (isPart(whole[name]) ? whole[name] : {});

const wordOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function around(pack: string, facts: unknown): Fact[] {
  const found = isPart(facts) ? Object.entries(facts) : [];
  return found.map(([name, value]) => ({ name: pack === OWN ? name : `${name} (${pack})`, value: wordOf(value) }));
}

function filesOf(told: Part): LockedFile[] {
  return Object.entries(told).flatMap(([name, file]) => {
    if (!isPart(file) || typeof file.sha256 !== "string") return [];
    const bytes = typeof file.bytes === "number" ? file.bytes : null;
    return [{ name, sha256: file.sha256, bytes, found: typeof file.found === "string" ? file.found : "" }];
  });
}

const PLAIN = /^[\w@%+=:,./-]+$/;

/** The command that makes a result again from its file, and compares the two; for the shells of POSIX. */
export function replayCommand(file: string): string {
  const path = file.startsWith("-") ? `./${file}` : file; // else it would be an option
  return `graphengine replay ${PLAIN.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`}`;
}
