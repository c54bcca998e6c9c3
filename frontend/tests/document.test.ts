/** The document: nothing of a file is lost, and what is undone is as it was, to the last byte. */
import fc from "fast-check";
import { produce } from "immer";
import { describe, expect, test } from "vitest";
import { parseJson, writeJson } from "~/api/json";
import { clipText, copy, paste, readClip } from "~/doc/clipboard";
import { addNode, connect, disconnect, moveNode, removeNodes, renameNode, setMode, setValue } from "~/doc/edit";
import { parseWorkflow, workflowText } from "~/doc/file";
import { emptyHistory, type History, record, redo, undo } from "~/doc/history";
import { addressOf, linksOf, sourceOf, type Workflow, wouldCycle } from "~/doc/model";
import { freeName, NAME } from "~/doc/names";
import { documents } from "./documents";

describe("files", () => {
  test("what is loaded is saved as it was", () => {
    fc.assert(
      fc.property(documents, (doc) => {
        const text = workflowText(doc);
        expect(parseWorkflow(text, "x")).toEqual(doc);
        expect(workflowText(parseWorkflow(text, "x"))).toBe(text);
      }),
    );
  });

  test("whole numbers of 64 bits keep every digit, and keys their order", () => {
    const text = '{"z":18446744073709551615,"a":9007199254740993,"m":-9223372036854775808,"f":0.1}';
    expect(writeJson(parseJson(text))).toBe(text);
  });

  test("what is no workflow is told so", () => {
    for (const text of ["", "{", "[]", '{"format":"other"}', '{"format":"graphengine.workflow","version":9}']) {
      expect(() => parseWorkflow(text, "it")).toThrow(/^it /);
    }
  });
});

/** A random change: which, where, and with what. */
const changes = fc.array(fc.tuple(fc.nat(7), fc.nat(20), fc.nat(20), fc.string({ maxLength: 4 })), { maxLength: 50 });

function changed(doc: Workflow, [which, a, b, text]: [number, number, number, string]): Workflow {
  const names = Object.keys(doc.nodes ?? {});
  const [one, other] = [names[a % (names.length || 1)], names[b % (names.length || 1)]];
  return produce(doc, (draft) => {
    if (which === 0 || one === undefined || other === undefined)
      addNode(draft, { type: "a.b", inputs: {} }, { x: a, y: b });
    else if (which === 1) moveNode(draft, one, { x: a, y: b });
    else if (which === 2) setValue(draft, { node: one, name: "v" }, text);
    else if (which === 3) connect(draft, { source: { node: one, name: "o" }, target: { node: other, name: "i" } });
    else if (which === 4) removeNodes(draft, new Set([one]), () => ({ o: "i" }));
    else if (which === 5)
      renameNode(
        draft,
        one,
        freeName(`r${text}`, (name) => names.includes(name)),
      );
    else if (which === 6) setMode(draft, [one], "bypass");
    else disconnect(draft, { node: one, name: "i" });
  });
}

test("all that is undone and redone is byte for byte what it was", () => {
  fc.assert(
    fc.property(documents, changes, (first, steps) => {
      let history: History<Workflow> = emptyHistory();
      const texts = [workflowText(first)];
      let doc = first;
      for (const step of steps) {
        const after = changed(doc, step);
        if (after === doc) continue;
        history = record(history, { label: "", before: doc, after }, null, 0);
        doc = after;
        texts.push(workflowText(doc));
      }
      for (let at = texts.length - 2; at >= 0; at--) {
        const back = undo(history);
        expect(back && workflowText(back.state)).toBe(texts[at]);
        history = back?.history ?? history;
      }
      expect(undo(history)).toBeNull();
      for (const text of texts.slice(1)) {
        const on = redo(history);
        expect(on && workflowText(on.state)).toBe(text);
        history = on?.history ?? history;
      }
      expect(redo(history)).toBeNull();
    }),
  );
});

test("steps of one gesture are one step, until the hand rests", () => {
  let history: History<number> = emptyHistory();
  history = record(history, { label: "a", before: 0, after: 1 }, "drag", 0);
  history = record(history, { label: "a", before: 1, after: 2 }, "drag", 500);
  history = record(history, { label: "a", before: 2, after: 3 }, "drag", 5_000);
  expect(history.past.map(({ before, after }) => [before, after])).toEqual([
    [0, 2],
    [2, 3],
  ]);
});

describe("the clipboard", () => {
  test("what is pasted into an empty document is what was copied", () => {
    fc.assert(
      fc.property(documents, (doc) => {
        const names = Object.keys(doc.nodes ?? {});
        const clip = readClip(clipText(copy(doc, doc, names)));
        expect(clip).not.toBeNull();
        const empty: Workflow = { format: "graphengine.workflow", version: 1 };
        let given = new Map<string, string>();
        const pasted = produce(empty, (draft) => {
          if (clip) given = paste(draft, draft, clip, { at: { x: 0, y: 0 }, withIncoming: false });
        });
        const back = new Map([...given].map(([old, name]) => [name, old]));
        const named = Object.fromEntries(
          Object.entries(pasted.nodes ?? {}).map(([name, node]) => [back.get(name), withNames(node, back)]),
        );
        expect(named).toEqual(doc.nodes);
      }),
    );
  });

  test("pasting twice gives other names, and links inside stay inside", () => {
    const doc = parseWorkflow(
      '{"format":"graphengine.workflow","version":1,"nodes":{"a":{"type":"t.a"},"b":{"type":"t.b","inputs":{"i":{"$link":"a.o"},"j":{"$link":"c.o"}}},"c":{"type":"t.c"}}}',
      "x",
    );
    const clip = copy(doc, doc, ["a", "b"]);
    const without = produce(
      doc,
      (draft) => void paste(draft, draft, clip, { at: { x: 0, y: 0 }, withIncoming: false }),
    );
    expect(without.nodes?.b_2?.inputs).toEqual({ i: { $link: "a_2.o" } });
    const with_ = produce(doc, (draft) => void paste(draft, draft, clip, { at: { x: 0, y: 0 }, withIncoming: true }));
    expect(with_.nodes?.b_2?.inputs).toEqual({ i: { $link: "a_2.o" }, j: { $link: "c.o" } });
  });

  test("what is no clip is none", () => {
    for (const text of ["", "hello", "[1]", '{"format":"x"}']) expect(readClip(text)).toBeNull();
  });
});

function withNames(node: NonNullable<Workflow["nodes"]>[string], back: ReadonlyMap<string, string>) {
  const inputs = Object.fromEntries(
    Object.entries(node.inputs ?? {}).map(([key, value]) => {
      const source = sourceOf(value);
      return [key, source ? { $link: `${back.get(source.node)}.${source.name}` } : value];
    }),
  );
  return { ...node, inputs };
}

test("no link leads to a node that was removed, and chains are joined", () => {
  fc.assert(
    fc.property(documents, fc.nat(7), (doc, at) => {
      const name = Object.keys(doc.nodes ?? {})[at];
      if (name === undefined) return;
      const after = produce(doc, (draft) => removeNodes(draft, new Set([name]), () => ({ o: "i" })));
      expect([...linksOf(after)].filter(({ source, target }) => source.node === name || target.node === name)).toEqual(
        [],
      );
    }),
  );
  const chain = parseWorkflow(
    '{"format":"graphengine.workflow","version":1,"outputs":{"out":{"from":"b.o"}},"nodes":{"a":{"type":"t.a"},"b":{"type":"t.b","inputs":{"i":{"$link":"a.o"}}},"c":{"type":"t.c","inputs":{"i":{"$link":"b.o"}}}}}',
    "x",
  );
  const joined = produce(chain, (draft) => removeNodes(draft, new Set(["b"]), () => ({ o: "i" })));
  expect(joined.nodes?.c?.inputs).toEqual({ i: { $link: "a.o" } });
  expect(joined.outputs).toEqual({ out: { from: "a.o" } });
  expect(wouldCycle(chain, "c", "a")).toBe(true);
  expect(wouldCycle(chain, "a", "c")).toBe(false);
});

test("free names are names, and free", () => {
  fc.assert(
    fc.property(fc.string(), fc.uniqueArray(fc.string()), (wish, taken) => {
      const name = freeName(wish, (each) => taken.includes(each));
      expect(name).toMatch(NAME);
      expect(taken).not.toContain(name);
    }),
  );
  expect(freeName("text.encode", () => false)).toBe("encode");
  expect(addressOf("a.b")).toEqual({ node: "a", name: "b" });
});
