// The form that asks for pictures, and what becomes of it.

import {html, useEffect, useRef, useState} from "../vendor/htm-preact-3.1.1.js";
import {post} from "../api.js";
import {canUndo, currentForm, isEmptyForm, loadForm, onFormChange, setField, takeOver, undo} from "../form_state.js";
import {formatNumber, t} from "../i18n.js";
import {Field, specOfSchema} from "../parts/field.js";
import {InputPicture} from "../parts/input_picture.js";
import {JobView} from "../parts/job_view.js";
import {LoraPicker} from "../parts/lora_picker.js";
import {PromptField} from "../parts/prompt_field.js";
import {Viewer} from "../parts/viewer.js";
import {hasEnded, jobsNewestFirst, state, takeJob, unfinishedJobs, useStore} from "../store.js";

const SHOWN_JOBS = 6;
const PREVIEWS = 10;  // of a run
// Fields that have a place of their own in the form.
const PLACED = new Set(["prompt", "negative_prompt", "model", "width", "height", "steps", "guidance_scale", "seed", "n",
  "scheduler", "scheduler_options", "loras", "image", "mask", "preview_every", "strength", "label", "priority",
  "deadline_seconds"]);

const usableModels = () => state.models.filter((model) => model.available !== false);
const modelOf = (form) => state.models.find((model) => model.id === form.model) ?? usableModels()[0] ?? null;

function schedulerOf(form, model) {
  const id = form.scheduler ?? model?.defaults?.scheduler;
  return (state.plugins.scheduler ?? []).find((one) => one.id === id || one.aliases.some((alias) => alias.name === id));
}

/** Sizes about the model's native area, by their shapes, as multiples of what it makes. */
function sizesOf(model) {
  const [width, height] = (model?.native_size ?? "").split("x").map(Number);
  if (!width || !height) return [];
  const multiple = model.size_multiple ?? 8;
  const rounded = (value) => Math.max(multiple, Math.round(value / multiple) * multiple);
  const shapes = [[1, 1], [4, 3], [3, 4], [16, 9], [9, 16]];
  const sizes = shapes.map(([x, y]) => {
    const side = Math.sqrt((width * height) / (x * y));
    return {width: rounded(side * x), height: rounded(side * y), shape: `${x}:${y}`};
  });
  return sizes.filter((size) => !model.max_pixels || size.width * size.height <= model.max_pixels);
}

function SizeField({form, model}) {
  const sizes = sizesOf(model);
  const chosen = form.width && form.height ? `${form.width}x${form.height}` : "";
  const choose = (text) => {
    const [width, height] = text.split("x").map(Number);
    takeOver({width: width || null, height: height || null});
  };
  return html`<fieldset class="row"><legend>${t("form.size")}</legend>
    <div class="field"><label for="size-preset">${t("form.size.preset")}</label>
      <select id="size-preset" value=${chosen} onChange=${(event) => choose(event.target.value)}>
        <option value="">${t("field.standing", {value: model?.native_size ?? "?"})}</option>
        ${sizes.map((size) => html`<option key=${size.shape} value=${`${size.width}x${size.height}`}>
          ${size.shape} · ${size.width} × ${size.height}</option>`)}
        ${chosen && !sizes.some((size) => `${size.width}x${size.height}` === chosen)
          ? html`<option value=${chosen}>${form.width} × ${form.height}</option>` : null}
      </select></div>
    ${["width", "height"].map((side) => html`<${SchemaField} key=${side} name=${side} form=${form} model=${model} />`)}
    <button type="button" onClick=${() => takeOver({width: form.height ?? null, height: form.width ?? null})}
      disabled=${!form.width && !form.height}>${t("form.size.swap")}</button>
  </fieldset>`;
}

function SchemaField({name, form, model}) {
  const schema = state.schema.properties[name];
  const spec = schema && specOfSchema(schema);
  if (!spec) return null;
  return html`<${Field} name=${name} spec=${spec} value=${form[name]} standing=${model?.defaults?.[name]}
    onValue=${(value) => setField(name, value)} />`;
}

function ModelField({form, model}) {
  return html`<div class="field"><label for="field-model">${t("form.model")}</label>
    <select id="field-model" value=${model?.id ?? ""}
        onChange=${(event) => takeOver({model: event.target.value, width: null, height: null})}>
      ${state.models.map((one) => html`<option key=${one.id} value=${one.id} disabled=${one.available === false}>
        ${one.id}${one.available === false ? ` (${one.unavailable ?? t("model.unavailable")})` : ""}</option>`)}
    </select>
    <small>${model?.description ?? ""}</small></div>`;
}

function SchedulerFields({form, model}) {
  const schedulers = state.plugins.scheduler ?? [];
  const scheduler = schedulerOf(form, model);
  const options = form.scheduler_options ?? {};
  const set = (name, value) => {
    const next = Object.fromEntries(Object.entries({...options, [name]: value}).filter(([, one]) => one !== null));
    setField("scheduler_options", Object.keys(next).length > 0 ? next : null);
  };
  return html`<div class="field"><label for="field-scheduler">${t("form.scheduler")}</label>
      <select id="field-scheduler" value=${form.scheduler ?? ""}
          onChange=${(event) => takeOver({scheduler: event.target.value || null, scheduler_options: null})}>
        <option value="">${t("field.standing", {value: model?.defaults?.scheduler ?? "?"})}</option>
        ${schedulers.flatMap((one) => [one.id, ...one.aliases.map((alias) => alias.name)]).map((id) =>
          html`<option key=${id} value=${id}>${id}</option>`)}
      </select>
      <small>${scheduler?.help ?? ""}</small></div>
    ${scheduler?.options?.length > 0 ? html`<details>
      <summary>${t("form.scheduler.options", {name: scheduler.id})}</summary>
      ${scheduler.options.map((option) => html`<${Field} key=${option.name} name=${option.name} spec=${option}
        prefix="option" value=${options[option.name]} onValue=${(value) => set(option.name, value)} />`)}
    </details>` : null}`;
}

/** Every field that the server takes and that has no place of its own: also those that this page has never heard of. */
function FurtherFields({form, model}) {
  const names = state.settings.filter((name) => !PLACED.has(name) && specOfSchema(state.schema.properties[name]));
  const used = names.filter((name) => name in form).length;
  return html`<details><summary>${t("form.further")}${used > 0 ? ` (${formatNumber(used)})` : ""}</summary>
    ${names.map((name) => html`<${SchemaField} key=${name} name=${name} form=${form} model=${model} />`)}
  </details>`;
}

function requestOf(form, model) {
  const request = {...form, model: model?.id};
  delete request.picture;
  const steps = form.steps ?? model?.defaults?.steps ?? 20;
  request.preview_every = Math.max(1, Math.round(steps / PREVIEWS));
  return request;
}

/** The first visit: everything is there, but for the click. */
function greet() {
  loadForm();
  const model = modelOf(currentForm());
  if (isEmptyForm() && model?.examples?.length > 0) setField("prompt", model.examples[0]);
}

export function Generate() {
  useStore();
  const [, draw] = useState(0);
  const [fault, setFault] = useState(null);
  const [opened, open] = useState(null);
  const [picture, setPicture] = useState(null);
  const button = useRef(null);
  useEffect(() => {
    const stop = onFormChange(() => draw((count) => count + 1));
    greet();
    draw((count) => count + 1);
    requestAnimationFrame(() => button.current?.focus());  // once it has a prompt, and can be
    return stop;
  }, []);
  const form = currentForm(), model = modelOf(form);

  const submit = async (event) => {
    event?.preventDefault();
    setFault(null);
    try {
      takeJob(await post("/v1/jobs", {...requestOf(form, model), ...picture?.fields}));
    } catch (error) {
      setFault(error);
    }
  };
  const keys = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  };
  const recent = jobsNewestFirst().slice(0, Math.max(SHOWN_JOBS, unfinishedJobs().length));

  return html`<form class="generate" onKeyDown=${keys} onSubmit=${submit} aria-label=${t("nav.generate")}>
    <div class="ask">
      <h1>${t("nav.generate")}</h1>
      <${PromptField} name="prompt" form=${form} rows="3" />
      <div class="actions">
        <button ref=${button} class="main" type="submit" disabled=${!form.prompt || !model}>${
          unfinishedJobs().length > 0 ? t("form.queue") : t("form.generate")}</button>
        <button type="button" onClick=${undo} disabled=${!canUndo()}>${t("form.undo")}</button>
      </div>
      ${fault ? html`<p class="fault" role="alert">${fault.message}</p>` : null}
    </div>
    <section aria-label=${t("form.results")} class="results">
      <h2>${t("form.results")}</h2>
      ${recent.length === 0 ? html`<p>${t("form.none")}</p>` : null}
      ${recent.map((job) => html`<${JobView} key=${job.id} job=${job} onOpen=${open} />`)}
    </section>
    <div class="settings">
      <${PromptField} name="negative_prompt" form=${form} rows="2" />
      <${ModelField} form=${form} model=${model} />
      <${SizeField} form=${form} model=${model} />
      <div class="row">${["n", "seed", "steps", "guidance_scale"].map((name) =>
        html`<${SchemaField} key=${name} name=${name} form=${form} model=${model} />`)}</div>
      <${SchedulerFields} form=${form} model=${model} />
      <${LoraPicker} form=${form} />
      <${InputPicture} picture=${picture} onPicture=${setPicture} />
      ${picture ? html`<${SchemaField} name="strength" form=${form} model=${model} />` : null}
      <${FurtherFields} form=${form} model=${model} />
    </div>
    ${opened ? html`<${Viewer} shown=${opened} all=${recent.filter(hasEnded).flatMap((job) =>
      job.images.map((image) => ({job, image})))} onClose=${() => open(null)} onShow=${open} />` : null}
  </form>`;
}
