// For servers that ask who calls: a name and a password become a session, in a cookie that no script reads.

import {html, useState} from "../vendor/htm-preact-3.1.1.js";
import {post, remove} from "../api.js";
import {t} from "../i18n.js";
import {state} from "../store.js";

export function SignIn() {
  const [fault, setFault] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    const fields = new FormData(event.target);
    try {
      await post("/v1/auth/sessions", {name: fields.get("name"), password: fields.get("password")});
      location.reload();
    } catch (error) {
      setFault(error.message);
    }
  };
  return html`<h1>${t("signin.title")}</h1>
    <form onSubmit=${submit} class="narrow">
      <div class="field"><label for="signin-name">${t("signin.name")}</label>
        <input id="signin-name" name="name" autocomplete="username" required /></div>
      <div class="field"><label for="signin-password">${t("signin.password")}</label>
        <input id="signin-password" name="password" type="password" autocomplete="current-password" required /></div>
      <button class="main" type="submit">${t("signin.submit")}</button>
      ${fault ? html`<p class="fault" role="alert">${fault}</p>` : null}
    </form>
    <p>${t("signin.how")}</p>`;
}

export function SignOut() {
  if (!state.me?.session_id) return null;
  const leave = () => remove("/v1/auth/sessions/current").finally(() => location.reload());
  return html`<span>${state.me.name}</span> <button type="button" class="quiet" onClick=${leave}>${t("signin.out")}</button>`;
}
