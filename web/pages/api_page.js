// The routes, drawn from /openapi.json.

import {html} from "../vendor/htm-preact-3.1.1.js";
import {t} from "../i18n.js";
import {state, useStore} from "../store.js";

function operations() {
  return Object.entries(state.openapi.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({path, method: method.toUpperCase(), ...operation})));
}

export function ApiPage() {
  useStore();
  return html`<h1>${t("nav.api")}</h1>
    <p>${t("api.intro")} <a href="/openapi.json">/openapi.json</a></p>
    <table><thead><tr><th scope="col">${t("api.method")}</th><th scope="col">${t("api.path")}</th>
      <th scope="col">${t("api.what")}</th></tr></thead>
    <tbody>${operations().map((one) => html`<tr key=${one.method + one.path}><td>${one.method}</td>
      <td><code>${one.path}</code></td><td>${one.summary}</td></tr>`)}</tbody></table>`;
}
