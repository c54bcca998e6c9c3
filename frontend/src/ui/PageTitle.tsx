import { useEffect } from "react";
import { hasChanged, titleOf, useTab } from "~/doc/tabs";
import { shareOf } from "~/run/jobs";
import { openJobs, useRuns } from "~/run/store";

const RING = 43.98; // the way around a circle with a radius of 7

/** A ring that closes as the run goes on, in place of the mark in the browser's tab. */
function showInTab(percent: number | null): void {
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (!link) return;
  link.dataset.mark ??= link.href;
  const done = ((percent ?? 0) / 100) * RING;
  const circle = (more: string) => `<circle cx="9" cy="9" r="7" fill="none" stroke-width="4" ${more}/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 18 18">${circle('stroke="#8888"')}${circle(
    `stroke="#3b82f6" stroke-dasharray="${done.toFixed(1)} ${RING}" transform="rotate(-90 9 9)"`,
  )}</svg>`;
  link.href = percent === null ? link.dataset.mark : `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** The title of the page says how far the run is, for those who look elsewhere. */
export function PageTitle() {
  const title = useTab(titleOf);
  const isChanged = useTab(hasChanged);
  const percent = useRuns((state) => {
    const job = openJobs(state.jobs)[0];
    return job?.state === "running" ? Math.floor(shareOf(job) * 100) : null;
  });
  useEffect(() => {
    document.title = `${percent === null ? "" : `${percent} % · `}${title}${isChanged ? " •" : ""} — graphengine`;
  }, [title, isChanged, percent]);
  useEffect(() => showInTab(percent), [percent]);
  return <h1 className="hidden">{title}</h1>;
}
