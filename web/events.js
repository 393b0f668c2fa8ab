// What the events of jobs mean for what the page knows. The server says first how things are.

import {changed, noteProgress, refreshJobs, state, takeJob} from "./store.js";
import {get} from "./api.js";
import {SharedStream} from "./shared_stream.js";

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

function heard(name, data) {
  handlers[name](data);
  if (!data.job) meet(data.id).catch(() => {});
}

function connected(is) {
  if (state.connected === is) return;
  state.connected = is;
  changed();
}

/** What happened before is in the list. */
function begun() {
  refreshJobs().catch(() => {});
}

export function follow() {
  new SharedStream("/v1/events", Object.keys(handlers), {heard, connected, begun});
}
