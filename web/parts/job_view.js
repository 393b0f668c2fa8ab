// A job as it goes: where it is, what it looks like so far, how long it takes, and the way to end it.

import {html, useState} from "../vendor/htm-preact-3.1.1.js";
import {localUrl, remove} from "../api.js";
import {formatSeconds, t} from "../i18n.js";
import {hasEnded, state, takeJob} from "../store.js";

export function altText({job, image}) {
  return t("picture.alt", {prompt: job.request.prompt.slice(0, 200), seed: image.seed});
}

function stateText(job, progress) {
  if (hasEnded(job)) return t(`status.${job.status}`);
  if (progress?.held) return progress.held;
  if (progress?.stage) {
    const parts = {step: progress.step, steps: progress.steps};
    return progress.stage === "denoise" ? t("stage.denoise", parts) : t(`stage.${progress.stage}`);
  }
  return progress?.position ? t("status.position", {position: progress.position}) : t(`status.${job.status}`);
}

function share(progress) {
  return progress?.stage === "denoise" && progress.steps > 0 ? progress.step / progress.steps : undefined;
}

export function CancelButton({job}) {
  const [fault, setFault] = useState("");
  const cancel = () => remove(`/v1/jobs/${job.id}`).then(takeJob).catch((error) => setFault(error.message));
  return html`<button type="button" onClick=${cancel} disabled=${job.status === "cancelling"}
      aria-label=${t("job.cancel.of", {prompt: job.request.prompt.slice(0, 60)})}>${t("job.cancel")}</button>
    ${fault ? html`<p class="fault" role="alert">${fault}</p>` : null}`;
}

function Progress({job, progress}) {
  const text = stateText(job, progress);
  const eta = hasEnded(job) ? null : progress?.eta_seconds ?? null;
  return html`<div class="progress">
    ${hasEnded(job) ? null
      : html`<progress value=${share(progress)} max="1" aria-label=${t("job.progress")}></progress>`}
    <span>${text}${eta === null ? "" : ` · ${t("job.eta", {time: formatSeconds(eta)})}`}</span>
  </div>`;
}

export function JobView({job, onOpen}) {
  const progress = state.progress.get(job.id);
  const shown = job.images.filter((image) => !image.removed);
  return html`<article class="job" aria-label=${job.request.prompt.slice(0, 80)}>
    <div class="job-pictures">
      ${progress?.preview && !hasEnded(job)
        ? html`<img class="preview" src=${progress.preview} alt=${t("job.preview")} />` : null}
      ${shown.map((image) => html`<button type="button" class="bare" key=${image.file}
          onClick=${() => onOpen?.({job, image})}>
        <img src=${localUrl(image.url)} width=${image.width} height=${image.height} alt=${altText({job, image})} />
      </button>`)}
    </div>
    <p class="prompt" dir="auto">${job.request.prompt}</p>
    <${Progress} job=${job} progress=${progress} />
    ${job.error ? html`<p class="fault" role="alert">${job.error.message} <small>${job.request_id}</small></p>` : null}
    ${job.warnings.map((warning) => html`<p class="warning" key=${warning}>${warning}</p>`)}
    ${hasEnded(job) ? null : html`<${CancelButton} job=${job} />`}
  </article>`;
}
