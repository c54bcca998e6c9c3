/** What a run would do, and what is wrong: asked of the service whenever the document rests. */
import { create } from "zustand";
import type { NoticeOut, PlanOut, ProblemOut, TaskOut } from "~/api/generated/service";
import { Unreachable } from "~/api/http";
import { service } from "~/api/service";
import type { Workflow } from "~/doc/model";
import { activeTab, useTabs } from "~/doc/tabs";

export interface Planned {
  doc: Workflow;
  plan: PlanOut;
  problems: ReadonlyMap<string, readonly ProblemOut[]>;
}

interface Plans {
  /** By document. */
  plans: Readonly<Record<string, Planned>>;
  /** Documents that somebody tried to run as they were: what is missing in them is now a problem. */
  tried: ReadonlySet<string>;
}

export const usePlans = create<Plans>()(() => ({ plans: {}, tried: new Set() }));

const REST = 250;
let timer: ReturnType<typeof setTimeout> | undefined;
let asking: AbortController | null = null;

export function watchPlans(): void {
  useTabs.subscribe((state, before) => {
    const [now, then] = [activeTab(state), activeTab(before)];
    if (now.id !== then.id || now.doc !== then.doc) planSoon();
  });
  planSoon(0);
}

export function planSoon(delay = REST): void {
  clearTimeout(timer);
  timer = setTimeout(() => void plan(), delay);
}

async function plan(): Promise<void> {
  const { id, doc } = activeTab();
  asking?.abort();
  if (Object.keys(doc.nodes ?? {}).length === 0) return set(id, doc, { valid: true, tasks: {}, problems: [] });
  asking = new AbortController();
  try {
    set(id, doc, await service.plan(doc, null, asking.signal));
  } catch (error) {
    if (error instanceof Unreachable) planSoon(2_000);
  }
}

function set(id: string, doc: Workflow, told: PlanOut): void {
  const problems = new Map<string, ProblemOut[]>();
  for (const problem of told.problems ?? []) {
    const known = problems.get(problem.node ?? "");
    if (known) known.push(problem);
    else problems.set(problem.node ?? "", [problem]);
  }
  usePlans.setState((state) => ({ plans: { ...state.plans, [id]: { doc, plan: told, problems } } }));
}

export function markTried(id: string): void {
  usePlans.setState((state) => ({ tried: new Set(state.tried).add(id) }));
}

const NONE: readonly ProblemOut[] = [];

export function problemsOf(state: Plans, doc: string, node: string): readonly ProblemOut[] {
  return state.plans[doc]?.problems.get(node) ?? NONE;
}

/** What is to be known of the model that a node names for an input. */
export function noticeOf(state: Plans, doc: string, node: string, input: string | undefined): NoticeOut | undefined {
  return state.plans[doc]?.plan.notices?.find((each) => each.node === node && each.socket === input);
}

export function plannedTask(state: Plans, doc: string, node: string): TaskOut | undefined {
  return state.plans[doc]?.plan.tasks?.[node];
}

/** How many nodes run of how many, and for how many seconds. */
export function totals(plan: PlanOut): { runs: number; all: number; seconds: number } {
  const tasks = Object.values(plan.tasks ?? {});
  const runs = tasks.filter((task) => task.verdict === "runs" || task.verdict === "may_run").length;
  return { runs, all: tasks.length, seconds: plan.seconds ?? 0 };
}
