// One picture, large, with how it was made. Nothing is taken over unless it is asked for.

import {html, useEffect, useRef} from "../vendor/htm-preact-3.1.1.js";
import {localUrl, post, remove} from "../api.js";
import {replaceForm, takeOver} from "../form_state.js";
import {formatTime, t} from "../i18n.js";
import {takeJob} from "../store.js";
import {altText} from "./job_view.js";
import {labelOf} from "./field.js";

const isEmpty = (value) => value === null || value === "" || (Array.isArray(value) && value.length === 0) ||
  (typeof value === "object" && Object.keys(value).length === 0);

/** The settings as they were asked, so that the same comes of them; with the picture's own seed. */
function formOf({job, image}) {
  const asked = Object.entries(job.request).filter(([name, value]) =>
    !isEmpty(value) && !["image", "mask", "output_format"].includes(name));
  return {...Object.fromEntries(asked), model: job.settings.model ?? job.request.model, seed: image.seed, n: null};
}

function go(apply) {
  return (event) => {
    event.preventDefault();
    apply();
    location.hash = "#/generate";
  };
}

const USES = {
  all: (shown) => replaceForm(formOf(shown)),
  prompt: ({job}) => takeOver({prompt: job.request.prompt, negative_prompt: job.request.negative_prompt}),
  seed: ({image}) => takeOver({seed: image.seed, n: null}),
  size: ({image}) => takeOver({width: image.width, height: image.height}),
};
const KEYS = {a: "all", p: "prompt", s: "seed"};

function Settings({shown: {job, image}}) {
  const rows = Object.entries(job.settings).filter(([name, value]) =>
    !isEmpty(value) && !["prompt", "negative_prompt", "seed", "n"].includes(name));
  return html`<p class="prompt" dir="auto">${job.request.prompt}</p>
    ${job.request.negative_prompt
      ? html`<p class="prompt negative" dir="auto">${job.request.negative_prompt}</p>` : null}
    <table><tbody>
      <tr><th scope="row">${t("field.seed")}</th><td>${image.seed}</td></tr>
      <tr><th scope="row">${t("viewer.size")}</th><td>${image.width} × ${image.height}</td></tr>
      <tr><th scope="row">${t("viewer.made")}</th><td>${formatTime(job.finished ?? job.created)}</td></tr>
      ${rows.map(([name, value]) => html`<tr key=${name}><th scope="row">${labelOf(name)}</th>
        <td>${typeof value === "object" ? JSON.stringify(value) : String(value)}</td></tr>`)}
    </tbody></table>`;
}

export function Viewer({shown, all, onShow, onClose}) {
  const dialog = useRef(null);
  const place = all.findIndex((one) => one.image.file === shown.image.file);
  const move = (by) => all[place + by] && onShow(all[place + by]);
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  const keys = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (by) return move(document.documentElement.dir === "rtl" ? -by : by);
    if (KEYS[event.key]) go(() => USES[KEYS[event.key]](shown))(event);
  };
  const keep = async () => {
    const path = `/v1/jobs/${shown.job.id}/kept`;
    const job = await (shown.job.kept ? remove(path) : post(path));
    takeJob(job);
    onShow({job, image: shown.image});
  };
  const url = localUrl(shown.image.url);
  return html`<dialog ref=${dialog} class="viewer" onClose=${onClose} onKeyDown=${keys} aria-label=${t("viewer.title")}>
    <div class="viewer-picture">
      <img src=${url} width=${shown.image.width} height=${shown.image.height} alt=${altText(shown)} />
    </div>
    <div class="viewer-side">
      <div class="actions">
        <button type="button" onClick=${() => dialog.current.close()}>${t("viewer.close")}</button>
        <button type="button" onClick=${() => move(-1)} disabled=${place <= 0}>${t("viewer.previous")}</button>
        <button type="button" onClick=${() => move(1)}
          disabled=${place < 0 || place + 1 >= all.length}>${t("viewer.next")}</button>
      </div>
      <div class="actions">
        ${Object.entries(USES).map(([name, use]) => html`<button type="button" key=${name}
          onClick=${go(() => use(shown))}>${t(`viewer.use.${name}`)}</button>`)}
        <button type="button" aria-pressed=${shown.job.kept ? "true" : "false"}
          onClick=${keep}>${t("viewer.keep")}</button>
        <a class="button" href=${url} download=${shown.image.file}>${t("viewer.download")}</a>
      </div>
      <${Settings} shown=${shown} />
    </div>
  </dialog>`;
}
