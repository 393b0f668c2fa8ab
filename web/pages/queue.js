// What waits and runs; and what failed lately.

import {html} from "../vendor/htm-preact-3.1.1.js";
import {remove} from "../api.js";
import {t} from "../i18n.js";
import {JobView} from "../parts/job_view.js";
import {jobsNewestFirst, state, takeJob, unfinishedJobs, useStore} from "../store.js";

const SHOWN_FAILURES = 10;

/** Running ones, then those that wait, by their places. */
function inOrder(jobs) {
  const place = (job) => (job.status === "queued" ? state.progress.get(job.id)?.position ?? 1e9 : 0);
  return [...jobs].sort((one, other) => place(one) - place(other) || (one.id < other.id ? -1 : 1));
}

export function Queue() {
  useStore();
  const jobs = inOrder(unfinishedJobs());
  const failed = jobsNewestFirst().filter((job) => job.status === "failed").slice(0, SHOWN_FAILURES);
  const cancelAll = () => Promise.all(jobs.map((job) => remove(`/v1/jobs/${job.id}`).then(takeJob).catch(() => {})));
  return html`<h1>${t("nav.queue")}</h1>
    <p>${t("queue.count", {count: jobs.length})}</p>
    <button type="button" onClick=${cancelAll} disabled=${jobs.length === 0}>${t("queue.cancel.all")}</button>
    <div class="jobs">${jobs.map((job) => html`<${JobView} key=${job.id} job=${job} />`)}</div>
    ${failed.length > 0 ? html`<h2>${t("queue.failed")}</h2>
      <div class="jobs">${failed.map((job) => html`<${JobView} key=${job.id} job=${job} />`)}</div>` : null}`;
}
