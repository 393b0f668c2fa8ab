// What is one's own: the password, sessions and keys.

import {html, useState} from "../vendor/htm-preact-3.1.1.js";
import {post, remove} from "../api.js";
import {t} from "../i18n.js";
import {Listing, time, useList} from "../parts/listing.js";
import {Secret} from "../parts/secret.js";
import {state, useStore} from "../store.js";

function Password() {
  const [said, say] = useState({text: "", fault: false});
  const submit = (event) => {
    event.preventDefault();
    const form = event.target, fields = new FormData(form);
    post("/v1/auth/password", {password: fields.get("old"), new_password: fields.get("new")})
      .then(() => (form.reset(), say({text: t("account.password.changed"), fault: false})))
      .catch((error) => say({text: error.message, fault: true}));
  };
  return html`<section aria-label=${t("account.password")}><h2>${t("account.password")}</h2>
    <form class="narrow" onSubmit=${submit}>
      <div class="field"><label for="password-old">${t("account.password.old")}</label>
        <input id="password-old" name="old" type="password" autocomplete="current-password" required /></div>
      <div class="field"><label for="password-new">${t("account.password.new")}</label>
        <input id="password-new" name="new" type="password" autocomplete="new-password" minlength="8" required /></div>
      <button type="submit">${t("account.password.change")}</button>
      <p role="status" class=${said.fault ? "fault" : ""}>${said.text}</p>
    </form></section>`;
}

function Sessions() {
  const list = useList("/v1/auth/sessions");
  return html`<${Listing} title=${t("account.sessions")} list=${list}
    columns=${[[t("account.address"), (one) => one.address], [t("account.agent"), (one) => one.agent.slice(0, 60)],
      [t("account.seen"), (one) => time(one.last_seen)],
      [t("account.here"), (one) => (one.current ? t("yes") : "")]]}
    actions=${(one) => (one.current ? [] : [[t("account.end"), () => remove(`/v1/auth/sessions/${one.id}`)]])} />`;
}

function Keys() {
  const list = useList("/v1/auth/keys");
  const [made, setMade] = useState(null), [fault, setFault] = useState("");
  const submit = (event) => {
    event.preventDefault();
    const form = event.target;
    post("/v1/auth/keys/generate", {name: new FormData(form).get("name")})
      .then((answer) => (form.reset(), setMade(answer.key), setFault(""), list.reload()))
      .catch((error) => setFault(error.message));
  };
  return html`<${Listing} title=${t("account.keys")} list=${list}
      columns=${[[t("account.name"), (one) => one.name], [t("account.owner"), (one) => one.user],
        [t("account.scopes"), (one) => one.scopes], [t("account.used"), (one) => time(one.last_used)],
        [t("account.revoked"), (one) => time(one.revoked)]]}
      actions=${(one) => (one.revoked ? [] : [[t("account.revoke"), () => remove(`/v1/auth/keys/${one.id}`)]])} />
    <form class="actions" onSubmit=${submit}>
      <label for="key-name">${t("account.key.name")}</label><input id="key-name" name="name" required maxlength="64" />
      <button type="submit">${t("account.key.make")}</button></form>
    ${fault ? html`<p class="fault" role="alert">${fault}</p>` : null}
    ${made ? html`<${Secret} label=${t("account.key.once")} text=${made} />` : null}`;
}

export function Account() {
  useStore();
  return html`<h1>${t("nav.account")}</h1>
    ${state.me?.session_id ? html`<${Password} /><${Sessions} /><${Keys} />` : html`<p>${t("account.nobody")}</p>`}`;
}
