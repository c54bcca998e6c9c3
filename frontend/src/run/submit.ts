/** Running the document that is looked at. */

import type { PlanOut } from "~/api/generated/service";
import { Refused } from "~/api/http";
import type { JobView } from "~/api/messages";
import { service } from "~/api/service";
import { finder } from "~/catalog/store";
import { setValue } from "~/doc/edit";
import { sourceOf } from "~/doc/model";
import { activeTab, edit, newId } from "~/doc/tabs";
import { t } from "~/i18n/language";
import { complain, say } from "~/ui/notices";
import { docTag, expectedOf, jobOf } from "./jobs";
import { rememberRun } from "./last";
import { markTried, planSoon, usePlans } from "./plan";
import { changeJobs } from "./store";

/** Queues the document; `targets` are the nodes whose results are wanted, null for all that have an effect. */
export async function run(targets: readonly string[] | null = null): Promise<void> {
  const tab = activeTab();
  const title = tab.saved?.name || tab.doc.title || t("inspector.untitled");
  const known = usePlans.getState().plans[tab.id];
  if (known?.doc === tab.doc && !known.plan.valid && targets === null) return refuse(tab.id);
  const wanted = targets === null ? null : (targets as [string, ...string[]]);
  try {
    // an id of our own: a request that is sent again after a broken connection is the same job
    const view = await service.submit(tab.doc, { id: `e${newId()}`, tags: [docTag(tab.id)], title, targets: wanted });
    if (known?.doc === tab.doc && targets === null) expect(view, known.plan);
    rememberRun(tab.id, tab.doc);
    nextSeeds();
  } catch (error) {
    if (error instanceof Refused && error.code === "invalid_workflow") refuse(tab.id);
    else complain(error);
  }
}

function expect(view: JobView, { tasks }: PlanOut): void {
  changeJobs((jobs) => {
    const job = jobs[view.id] ?? jobOf(view); // the service may have told of it already
    jobs[view.id] = { ...job, expected: expectedOf(tasks ?? {}) };
  });
}

/** Says aloud, at the nodes, what is still wrong. */
function refuse(doc: string): void {
  markTried(doc);
  planSoon(0);
  say(t("says.notReady"), "problem");
}

/** Moves on the seeds that shall change after each run: chosen before, and seen before the next. */
function nextSeeds(): void {
  const { doc } = activeTab();
  const found = Object.entries(doc.view?.nodes ?? {}).flatMap(([node, look]) =>
    Object.entries((look.seeds ?? {}) as Record<string, string>).map(([name, how]) => ({ node, name, how })),
  );
  if (found.length === 0 || activeTab().path.length > 0) return;
  edit(t("did.nextSeed"), (part) => {
    for (const { node, name, how } of found) {
      const given = part.nodes?.[node]?.inputs?.[name];
      if (!part.nodes?.[node] || sourceOf(given)) continue;
      const input = finder().input(doc, node, name, doc);
      const before = BigInt((given ?? input?.default ?? 0) as number | bigint);
      setValue(part, { node, name }, how === "random" ? randomSeed() : plain((before + 1n) % 2n ** 64n));
    }
  });
}

export function randomSeed(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high % 2 ** 16) * 2 ** 32 + low; // 48 bits: enough, and short enough to read
}

const plain = (value: bigint) => (value <= Number.MAX_SAFE_INTEGER ? Number(value) : value);
