// Something that the server tells once: a key, a code.

import {html, useRef} from "../vendor/htm-preact-3.1.1.js";
import {t} from "../i18n.js";

export function Secret({label, text}) {
  const input = useRef(null);
  const copy = () => {
    input.current.select();
    if (navigator.clipboard) navigator.clipboard.writeText(text);
    else document.execCommand("copy");  // where the page is in no secure context
  };
  return html`<div class="field"><label for="secret">${label}</label>
    <div class="actions"><input id="secret" class="wide" ref=${input} readonly value=${text} />
      <button type="button" onClick=${copy}>${t("secret.copy")}</button></div></div>`;
}
