// Which models and LoRAs there are, and why one cannot be used.

import {html, useState} from "../vendor/htm-preact-3.1.1.js";
import {post} from "../api.js";
import {takeOver} from "../form_state.js";
import {formatNumber, t} from "../i18n.js";
import {loadAll, state, useStore} from "../store.js";

function Model({model}) {
  const use = () => {
    takeOver({model: model.id, width: null, height: null});
    location.hash = "#/generate";
  };
  const facts = [model.architecture, model.native_size, `${formatNumber(model.size_mb, 1)} MB`].filter(Boolean);
  return html`<article class="card">
    <h2>${model.id}</h2>
    <p>${model.description}</p>
    <p><small>${facts.join(" · ")}</small></p>
    ${model.available === false ? html`<p class="fault">${model.unavailable ?? t("model.unavailable")}</p>`
      : html`<button type="button" onClick=${use}>${t("model.use")}</button>`}
  </article>`;
}

export function Models() {
  useStore();
  const [said, say] = useState("");
  const refresh = () => post("/v1/models/refresh").then(loadAll).then(() => say(t("model.refreshed")))
    .catch((error) => say(error.message));
  return html`<h1>${t("nav.models")}</h1>
    <div class="actions"><button type="button" onClick=${refresh}>${t("model.refresh")}</button>
      <span role="status">${said}</span></div>
    <div class="cards">${state.models.map((model) => html`<${Model} key=${model.id} model=${model} />`)}</div>
    <h2>${t("lora.title")}</h2>
    ${state.loras.length === 0 ? html`<p>${t("lora.none")}</p>` : html`<table>
      <thead><tr><th scope="col">${t("lora.name")}</th><th scope="col">${t("lora.base")}</th>
        <th scope="col">${t("lora.triggers")}</th><th scope="col">MB</th></tr></thead>
      <tbody>${state.loras.map((lora) => html`<tr key=${lora.id}>
        <th scope="row">${lora.id}</th><td>${lora.base_model ?? ""}</td>
        <td>${(lora.trigger_words ?? []).join(", ")}</td><td>${formatNumber(lora.size_mb, 1)}</td></tr>`)}</tbody>
    </table>`}`;
}
