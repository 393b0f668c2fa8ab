// Every picture that the server has of us. More come when the end is near; those that are far away are no elements.

import {html, useEffect, useRef, useState} from "../vendor/htm-preact-3.1.1.js";
import {localUrl} from "../api.js";
import {t} from "../i18n.js";
import {altText} from "../parts/job_view.js";
import {Viewer} from "../parts/viewer.js";
import {loadOlderJobs, pictures, state, useStore} from "../store.js";

const PAGE = 60;

function matches({job}, words, model) {
  const text = `${job.request.prompt} ${(job.request.loras ?? []).map((lora) => lora.name).join(" ")}`.toLowerCase();
  return (!model || (job.settings.model ?? job.request.model) === model) &&
    words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** A page of pictures; one that is off the screen keeps its height alone. */
function Page({items, onOpen}) {
  const element = useRef(null);
  const [height, setHeight] = useState(null);  // while it is far away
  useEffect(() => {
    const watcher = new IntersectionObserver(([entry]) =>
      setHeight(entry.isIntersecting ? null : entry.boundingClientRect.height), {rootMargin: "1500px"});
    watcher.observe(element.current);
    return () => watcher.disconnect();
  }, []);
  return html`<div class="gallery-page" ref=${(one) => {
    element.current = one;
    if (one) one.style.height = height === null ? "" : `${height}px`;
  }}>
    ${height !== null ? null : items.map((item) => html`<button type="button" class="bare" key=${item.image.file}
      onClick=${() => onOpen(item)}>
      <img src=${localUrl(item.image.url)} width=${item.image.width} height=${item.image.height} loading="lazy"
        decoding="async" alt=${altText(item)} /></button>`)}
  </div>`;
}

function End() {
  const element = useRef(null);
  useEffect(() => {
    const watcher = new IntersectionObserver(([entry]) => {
      if (entry.isIntersecting) loadOlderJobs().catch(() => {});
    }, {rootMargin: "800px"});
    watcher.observe(element.current);
    return () => watcher.disconnect();
  });  // anew after each page, for the end may still be in sight
  return html`<p ref=${element} role="status">${state.more ? t("loading") : ""}</p>`;
}

export function Gallery() {
  useStore();
  const [words, setWords] = useState(""), [model, setModel] = useState("");
  const [opened, open] = useState(null);
  const all = pictures().filter((item) => matches(item, words, model));
  const pages = [];
  for (let at = 0; at < all.length; at += PAGE) pages.push(all.slice(at, at + PAGE));
  const models = [...new Set(pictures().map(({job}) => job.settings.model ?? job.request.model))];
  return html`<h1>${t("nav.gallery")}</h1>
    <div class="row">
      <div class="field"><label for="gallery-search">${t("gallery.search")}</label>
        <input id="gallery-search" type="search" value=${words}
          onInput=${(event) => setWords(event.target.value)} /></div>
      <div class="field"><label for="gallery-model">${t("form.model")}</label>
        <select id="gallery-model" value=${model} onChange=${(event) => setModel(event.target.value)}>
          <option value="">${t("gallery.all")}</option>
          ${models.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}</select></div>
    </div>
    ${all.length === 0 && !state.more ? html`<p>${t("gallery.empty")}</p>` : null}
    ${pages.map((items) => html`<${Page} key=${items[0].image.file} items=${items} onOpen=${open} />`)}
    <${End} />
    ${opened ? html`<${Viewer} shown=${opened} all=${all} onShow=${open} onClose=${() => open(null)} />` : null}`;
}
