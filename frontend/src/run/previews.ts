/** Pictures of what runs. They stay until the next run of the document: for some nodes they are all that is made. */
import type { Preview } from "~/api/messages";
import { type Picture, previewKey, useRuns } from "./store";

const STILL_READ = 1_000;

/** Puts the newest pictures in the place of older ones. */
export function setPreviews(pictures: Iterable<Preview>): void {
  const previews: Record<string, Picture> = { ...useRuns.getState().previews };
  for (const { job, task, data, media_type, width, height } of pictures) {
    const key = previewKey(job, task);
    const url = URL.createObjectURL(new Blob([data as unknown as Uint8Array<ArrayBuffer>], { type: media_type }));
    release(previews[key]);
    previews[key] = { url, width, height };
  }
  useRuns.setState({ previews });
}

/** Forgets the pictures of some jobs. */
export function dropPreviews(isOld: (job: string) => boolean): void {
  const previews = { ...useRuns.getState().previews };
  const old = Object.keys(previews).filter((key) => isOld(key.slice(0, key.indexOf(" "))));
  if (old.length === 0) return;
  for (const key of old) {
    release(previews[key]);
    delete previews[key];
  }
  useRuns.setState({ previews });
}

/** Forgets the pictures of jobs that are over and are no longer those that their documents show. */
export function dropOldPreviews(): void {
  const { jobs, shown } = useRuns.getState();
  dropPreviews((id) => {
    const job = jobs[id];
    return job !== undefined && job.doc !== "" && job.state !== "running" && shown[job.doc] !== id;
  });
}

function release(picture: Picture | undefined): void {
  if (picture) setTimeout(() => URL.revokeObjectURL(picture.url), STILL_READ); // it may still be on the screen
}
