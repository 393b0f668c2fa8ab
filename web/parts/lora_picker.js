// LoRAs: found by their names and trigger words, with a strength each.

import {html, useState} from "../vendor/htm-preact-3.1.1.js";
import {setField} from "../form_state.js";
import {formatNumber, t} from "../i18n.js";
import {state} from "../store.js";

const SHOWN = 50;

function fits(lora, words) {
  const text = [lora.id, lora.base_model ?? "", ...(lora.trigger_words ?? [])].join(" ").toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function addTrigger(form, word) {
  const prompt = form.prompt ?? "";
  if (!prompt.includes(word)) setField("prompt", prompt ? `${prompt}, ${word}` : word);
}

function Chosen({lora, info, form, onStrength, onRemove}) {
  const id = `lora-${lora.name}`;
  return html`<li class="chosen">
    <label for=${id}>${lora.name}</label>
    <input id=${id} type="number" min="-4" max="4" step="0.05" value=${lora.strength ?? 1}
      onInput=${(event) => onStrength(Number(event.target.value))} />
    <button type="button" onClick=${onRemove}
      aria-label=${t("lora.remove.of", {name: lora.name})}>${t("lora.remove")}</button>
    ${(info?.trigger_words ?? []).map((word) => html`<button type="button" class="quiet" key=${word}
      onClick=${() => addTrigger(form, word)}>${t("lora.trigger", {word})}</button>`)}
  </li>`;
}

export function LoraPicker({form}) {
  const [words, setWords] = useState("");
  const chosen = form.loras ?? [];
  const set = (loras) => setField("loras", loras.length > 0 ? loras : null);
  const free = state.loras.filter((lora) => !chosen.some((one) => one.name === lora.id) && fits(lora, words));
  if (state.loras.length === 0) return null;
  return html`<details open=${chosen.length > 0}><summary>${t("lora.title")}${
      chosen.length > 0 ? ` (${formatNumber(chosen.length)})` : ""}</summary>
    <ul class="plain">${chosen.map((lora, place) => html`<${Chosen} key=${lora.name} lora=${lora} form=${form}
      info=${state.loras.find((one) => one.id === lora.name)}
      onStrength=${(strength) => set(chosen.map((one, at) => (at === place ? {...one, strength} : one)))}
      onRemove=${() => set(chosen.filter((_, at) => at !== place))} />`)}</ul>
    <div class="field"><label for="lora-search">${t("lora.search")}</label>
      <input id="lora-search" type="search" value=${words} onInput=${(event) => setWords(event.target.value)} /></div>
    <ul class="plain list">${free.slice(0, SHOWN).map((lora) => html`<li key=${lora.id}>
      <button type="button" onClick=${() => set([...chosen, {name: lora.id, strength: 1}])}>${lora.id}</button>
      <small>${[lora.base_model, `${formatNumber(lora.size_mb, 1)} MB`].filter(Boolean).join(" · ")}</small>
    </li>`)}</ul>
    ${free.length > SHOWN ? html`<p>${t("lora.more", {count: free.length - SHOWN})}</p>` : null}
  </details>`;
}
