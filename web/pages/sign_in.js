// For servers that ask who calls: a name and a password become a session, in a cookie that no script reads.

import {html, useEffect, useState} from "../vendor/htm-preact-3.1.1.js";
import {get, post, remove} from "../api.js";
import {t} from "../i18n.js";
import {state} from "../store.js";

function Credentials({prefix, newOne}) {
  return html`<div class="field"><label for=${`${prefix}-name`}>${t("signin.name")}</label>
      <input id=${`${prefix}-name`} name="name" autocomplete="username" required /></div>
    <div class="field"><label for=${`${prefix}-password`}>${t("signin.password")}</label>
      <input id=${`${prefix}-password`} name="password" type="password" minlength=${newOne ? 8 : null}
        autocomplete=${newOne ? "new-password" : "current-password"} required /></div>`;
}

/** What a form says, sent as JSON; `done` gets the answer. */
function sender(path, done, setFault) {
  return async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
    try {
      done(await post(path, fields));
    } catch (error) {
      setFault(error.message);
    }
  };
}

function Register({mode}) {
  const [fault, setFault] = useState(""), [done, setDone] = useState("");
  const submit = sender("/v1/auth/register", ({status}) => (setFault(""), setDone(status)), setFault);
  return html`<details><summary>${t("signin.register")}</summary>
    <form onSubmit=${submit} class="narrow">
      <${Credentials} prefix="register" newOne=${true} />
      ${mode === "invite" ? html`<div class="field"><label for="register-code">${t("signin.code")}</label>
        <input id="register-code" name="invite_code" required /></div>` : null}
      <button type="submit">${t("signin.register.submit")}</button>
      ${fault ? html`<p class="fault" role="alert">${fault}</p>` : null}
      <p role="status">${done ? t(`signin.register.${done}`) : ""}</p>
    </form></details>`;
}

export function SignIn() {
  const [fault, setFault] = useState(""), [mode, setMode] = useState("off");
  useEffect(() => {
    get("/v1/auth/registration-mode").then((answer) => setMode(answer.mode)).catch(() => {});
  }, []);
  return html`<h1>${t("signin.title")}</h1>
    <form onSubmit=${sender("/v1/auth/sessions", () => location.reload(), setFault)} class="narrow">
      <${Credentials} prefix="signin" newOne=${false} />
      <button class="main" type="submit">${t("signin.submit")}</button>
      ${fault ? html`<p class="fault" role="alert">${fault}</p>` : null}
    </form>
    ${mode === "off" ? html`<p>${t("signin.how")}</p>` : html`<${Register} mode=${mode} />`}`;
}

export function SignOut() {
  if (!state.me?.session_id) return null;
  const leave = () => remove("/v1/auth/sessions/current").finally(() => location.reload());
  return html`<span>${state.me.name}</span>
    <button type="button" class="quiet" onClick=${leave}>${t("signin.out")}</button>`;
}
