/** The files that runs of a document have made, the newest first. */
import { useMemo } from "react";
import { useTab } from "~/doc/tabs";
import type { Job, ResultFile } from "./jobs";
import { useRuns } from "./store";

export interface Result {
  key: string;
  job: string;
  /** Of the run that made it, among the runs of the document that made something. */
  number: number;
  file: ResultFile;
}

export function resultsOf(jobs: Readonly<Record<string, Job>>, doc: string, most: number): Result[] {
  const own = Object.values(jobs).filter((job) => job.doc === doc && job.files.length > 0);
  own.sort((a, b) => b.created - a.created);
  const found = own.flatMap((job, at) => {
    const of = { job: job.id, number: own.length - at };
    return job.files.map((file) => ({ key: `${job.id} ${file.task} ${file.name}`, ...of, file }));
  });
  return found.slice(0, most);
}

export function useResults(most: number): Result[] {
  const jobs = useRuns((state) => state.jobs);
  const doc = useTab((tab) => tab.id);
  return useMemo(() => resultsOf(jobs, doc, most), [jobs, doc, most]);
}

export const isPicture = ({ file }: Result) => file.media_type.startsWith("image/");
