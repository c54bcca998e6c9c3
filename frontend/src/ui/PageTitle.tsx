import { useEffect } from "react";
import { hasChanged, titleOf, useTab } from "~/doc/tabs";
import { shareOf } from "~/run/jobs";
import { openJobs, useRuns } from "~/run/store";

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
  return <h1 className="hidden">{title}</h1>;
}
