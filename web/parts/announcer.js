// What is read to people who do not see the page: that a job began and how it ended, never each step.

import {html, useEffect, useRef, useState} from "../vendor/htm-preact-3.1.1.js";
import {hasEnded, state, useStore} from "../store.js";
import {t} from "../i18n.js";

export function Announcer() {
  useStore();
  const known = useRef(new Map());
  const [said, say] = useState("");
  useEffect(() => {
    for (const job of state.jobs.values()) {
      const before = known.current.get(job.id);
      if (before === job.status) continue;
      known.current.set(job.id, job.status);
      if (before && (hasEnded(job) || job.status === "running"))
        say(t(`announce.${job.status}`, {prompt: job.request.prompt}));
    }
  });
  return html`<p class="hidden" role="status" aria-live="polite">${said}</p>`;
}
