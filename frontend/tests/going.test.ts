/** Going to the node of a task, by the name that the service gives the task. */
import { expect, test } from "vitest";
import { goToTask } from "~/canvas/going";
import type { Workflow } from "~/doc/model";
import { activeTab, goTo, openTab } from "~/doc/tabs";
import { nodeOf } from "~/run/jobs";

const doc: Workflow = {
  format: "graphengine.workflow",
  version: 1,
  nodes: { sample: { type: "t.a" }, outer: { type: "subgraph:inner" } },
  subgraphs: { inner: { nodes: { sample: { type: "t.a" } } } },
};
const here = () => ({ path: activeTab().path.join("/"), nodes: [...activeTab().nodes] });

test("a task names its node, and which time it is", () => {
  const tasks = ["sample", "sample[3]", "outer[0]/sample", "outer[0]/sample[12]", "loop[3]?", "loop[]", "a/loop[1]?"];
  expect(tasks.map(nodeOf)).toEqual(["sample", "sample", "outer/sample", "outer/sample", "loop", "loop", "a/loop"]);
});

test("a task leads to its node, and to none that only has its name", () => {
  openTab(doc);
  goToTask("sample[0]");
  expect(here()).toEqual({ path: "", nodes: ["sample"] });
  goToTask("outer[0]/sample[1]");
  expect(here()).toEqual({ path: "outer", nodes: ["sample"] });
  goTo([]);
  for (const gone of ["gone[0]/sample", "gone", "outer[0]/gone"]) goToTask(gone);
  expect(here()).toEqual({ path: "", nodes: [] });
});
