// A field of a form, drawn from what the server says of it: a plugin's option, or a property of the request's schema.

import {html} from "../vendor/htm-preact-3.1.1.js";
import {t} from "../i18n.js";

/** {type, help, minimum, maximum, choices, default} of a JSON schema; null for what is no simple value. */
export function specOfSchema(schema) {
  const real = schema.anyOf?.find((one) => one.type !== "null") ?? schema;
  const choices = real.enum?.filter((one) => one !== null);
  if (!choices && !["integer", "number", "boolean", "string"].includes(real.type)) return null;
  return {type: choices ? "choice" : real.type, help: schema.description ?? real.description ?? "",
    minimum: real.minimum, maximum: real.maximum, choices, default: schema.default ?? real.default};
}

/** A name of the API as people read it: "guidance_scale" is "Guidance scale". */
export function labelOf(name) {
  const key = `field.${name}`;
  const known = t(key);
  if (known !== key) return known;
  const words = name.replace(/_/g, " ");
  return words[0].toUpperCase() + words.slice(1);
}

function read(spec, text) {
  if (text === "") return null;
  return spec.type === "integer" || spec.type === "number" ? Number(text) : text;
}

function Choice({id, spec, value, placeholder, onValue}) {
  return html`<select id=${id} value=${value ?? ""} onChange=${(event) => onValue(event.target.value || null)}>
    <option value="">${placeholder}</option>
    ${spec.choices.map((choice) => html`<option key=${choice} value=${choice}>${choice}</option>`)}
  </select>`;
}

function Flag({id, value, placeholder, onValue}) {
  const words = {"": placeholder, true: t("yes"), false: t("no")};
  return html`<select id=${id} value=${value === null || value === undefined ? "" : String(value)}
      onChange=${(event) => onValue(event.target.value === "" ? null : event.target.value === "true")}>
    ${Object.entries(words).map(([word, text]) => html`<option key=${word} value=${word}>${text}</option>`)}
  </select>`;
}

function Line({id, spec, value, placeholder, onValue}) {
  const numeric = spec.type === "integer" || spec.type === "number";
  return html`<input id=${id} type=${numeric ? "number" : "text"} value=${value ?? ""} placeholder=${placeholder}
    min=${spec.minimum} max=${spec.maximum} step=${spec.type === "integer" ? 1 : "any"}
    inputmode=${numeric ? "decimal" : null} aria-describedby=${`${id}-help`}
    onInput=${(event) => onValue(read(spec, event.target.value))} />`;
}

function range(spec) {
  if (spec.minimum === undefined || spec.maximum === undefined || spec.maximum > 1e15) return "";
  return ` (${spec.minimum} - ${spec.maximum})`;
}

/** `standing`: the value that counts while nothing is said. */
export function Field({name, spec, value, standing, onValue, prefix = "field"}) {
  const id = `${prefix}-${name}`;
  const shown = standing ?? spec.default;
  const placeholder = shown === null || shown === undefined || shown === "" ? t("field.unset")
    : t("field.standing", {value: typeof shown === "boolean" ? t(shown ? "yes" : "no") : shown});
  const Input = spec.type === "boolean" ? Flag : spec.type === "choice" ? Choice : Line;
  return html`<div class="field">
    <label for=${id}>${labelOf(name)}</label>
    <${Input} id=${id} spec=${spec} value=${value} placeholder=${placeholder} onValue=${onValue} />
    <small id=${`${id}-help`}>${spec.help}${range(spec)}</small>
  </div>`;
}
