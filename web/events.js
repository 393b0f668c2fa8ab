// One stream of events for all jobs. It comes back by itself; the server says first how things are.

import {changed, noteProgress, refreshJobs, state, takeJob} from "./store.js";
import {get} from "./api.js";

const LONGEST_PAUSE_MS = 30_000;

let source = null;
let pause = 1000;

/** A preview's bytes as something that a picture may show: data URLs are refused by the page's policy. */
function pictureUrl(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], {type: "image/png"}));
}

const handlers = {
  queued: ({job}) => takeJob(job),
  position: ({id, position}) => noteProgress(id, {position, stage: null}),
  step: ({id, ...step}) => noteProgress(id, {...step, position: null, held: null}),
  preview: ({id, png}) => noteProgress(id, {preview: pictureUrl(png)}),
  held: ({id, message}) => noteProgress(id, {held: message}),
  done: ({job}) => takeJob(job),
  handed_back: () => {},
  missed: () => refreshJobs(),
};

/** An event may be of a job that this page has not heard of. */
async function meet(id) {
  if (!id || state.jobs.has(id)) return;
  state.jobs.set(id, await get(`/v1/jobs/${id}`));
  changed();
}

function connected(is) {
  if (state.connected === is) return;
  state.connected = is;
  changed();
}

export function follow() {
  source?.close();
  source = new EventSource("/v1/events");
  for (const [name, handle] of Object.entries(handlers))
    source.addEventListener(name, (event) => {
      const data = JSON.parse(event.data);
      handle(data);
      if (!data.job) meet(data.id).catch(() => {});
    });
  source.onopen = () => {
    pause = 1000;
    connected(true);
    refreshJobs().catch(() => {});
  };
  source.onerror = () => {
    connected(false);
    if (source.readyState !== EventSource.CLOSED) return;  // the browser tries again itself
    setTimeout(follow, pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  };
}
