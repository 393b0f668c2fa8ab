// A prompt, with the keys that people know: weights by Ctrl and the arrows, earlier prompts by Alt and the arrows.

import {html, useRef} from "../vendor/htm-preact-3.1.1.js";
import {setField} from "../form_state.js";
import {t} from "../i18n.js";
import {jobsNewestFirst} from "../store.js";

const STEP = 0.1;

/** The selected words, or the word at the cursor, as [begin, end). */
function meant(text, begin, end) {
  if (begin !== end) return [begin, end];
  const before = text.slice(0, begin).search(/[^\s,()]+$/), after = text.slice(end).search(/[\s,()]|$/);
  return [before < 0 ? begin : before, end + after];
}

/** "(words:1.1)" around what is meant; the weight that is there is raised or lowered, and goes at 1. */
export function weighted(text, selection, change) {
  const [begin, end] = meant(text, ...selection);
  if (begin === end) return null;
  const opened = text.slice(0, begin).match(/\($/), closed = text.slice(end).match(/^:(\d*\.?\d+)\)/);
  const old = opened && closed ? Number(closed[1]) : 1;
  const weight = Math.max(0, Math.round((old + change) * 100) / 100);
  const from = opened && closed ? begin - 1 : begin, to = opened && closed ? end + closed[0].length : end;
  const words = text.slice(begin, end);
  const made = weight === 1 ? words : `(${words}:${weight})`;
  const at = from + (weight === 1 ? 0 : 1);
  return {text: text.slice(0, from) + made + text.slice(to), selection: [at, at + words.length]};
}

export function PromptField({name, form, rows}) {
  const area = useRef(null);
  const place = useRef(-1);  // among earlier prompts

  const weigh = (change) => {
    const {value, selectionStart, selectionEnd} = area.current;
    const made = weighted(value, [selectionStart, selectionEnd], change);
    if (!made) return;
    setField(name, made.text);
    area.current.value = made.text;
    area.current.setSelectionRange(...made.selection);
  };
  const recall = (direction) => {
    const earlier = [...new Set(jobsNewestFirst().map((job) => job.request[name]).filter(Boolean))];
    place.current = Math.min(Math.max(place.current + direction, 0), earlier.length - 1);
    if (place.current >= 0 && earlier[place.current]) setField(name, earlier[place.current]);
  };
  const keys = (event) => {
    const arrow = {ArrowUp: 1, ArrowDown: -1}[event.key];
    if (!arrow || !(event.ctrlKey || event.metaKey || event.altKey)) return;
    event.preventDefault();
    if (event.altKey) recall(arrow);
    else weigh(arrow * STEP);
  };
  return html`<div class="field">
    <label for=${`field-${name}`}>${t(`field.${name}`)}</label>
    <textarea dir="auto" id=${`field-${name}`} ref=${area} rows=${rows} value=${form[name] ?? ""} onKeyDown=${keys}
      aria-describedby=${`field-${name}-help`}
      onInput=${(event) => setField(name, event.target.value)}></textarea>
    <small id=${`field-${name}-help`}>${name === "prompt" ? t("form.prompt.keys") : ""}</small>
  </div>`;
}
