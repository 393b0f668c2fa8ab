// A list of the server's, as a table that loads itself and whose rows may be acted on.

import {html, useEffect, useState} from "../vendor/htm-preact-3.1.1.js";
import {get} from "../api.js";
import {formatTime, t} from "../i18n.js";

export const time = (seconds) => (seconds ? formatTime(seconds) : "");

/** The list at `path`, loaded now and by reload(); and what went wrong. */
export function useList(path) {
  const [state, set] = useState({data: null, fault: ""});
  const reload = () => get(path).then((answer) => set({data: answer.data, fault: ""}))
    .catch((error) => set((old) => ({...old, fault: error.message})));
  useEffect(() => {
    reload();
  }, [path]);
  return {...state, reload};
}

/** `columns`: [heading, row => text]; `actions`: row => [label, does], after which the list is loaded anew. */
export function Listing({title, list, columns, actions = () => []}) {
  const [fault, setFault] = useState("");
  const act = (does) => does().then(list.reload).then(() => setFault("")).catch((error) => setFault(error.message));
  const rows = list.data ?? [];
  return html`<section aria-label=${title}><h2>${title}</h2>
    ${[list.fault, fault].filter(Boolean).map((text) => html`<p class="fault" role="alert" key=${text}>${text}</p>`)}
    ${rows.length === 0 ? html`<p>${list.data ? t("list.empty") : t("loading")}</p>` : html`<table>
      <thead><tr>${columns.map(([heading]) => html`<th scope="col" key=${heading}>${heading}</th>`)}
        <th scope="col"><span class="hidden">${t("list.actions")}</span></th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.id}>
        ${columns.map(([heading, text]) => html`<td key=${heading}>${text(row)}</td>`)}
        <td>${actions(row).map(([label, does]) => html`<button type="button" key=${label} onClick=${() => act(does)}
          aria-label=${t("list.act.on", {action: label, name: row.name ?? row.id})}>${label}</button>`)}</td>
      </tr>`)}</tbody>
    </table>`}
  </section>`;
}
