// For administrators: who there is, who may come, and what was done.

import {html, useState} from "../vendor/htm-preact-3.1.1.js";
import {post, remove} from "../api.js";
import {t} from "../i18n.js";
import {Listing, time, useList} from "../parts/listing.js";
import {Secret} from "../parts/secret.js";
import {state, useStore} from "../store.js";

function actionsOf(user) {
  if (user.id === state.me.user_id) return [];
  const to = (what, body) => () => post(`/v1/auth/users/${user.id}/${what}`, body);
  const own = {waiting: [[t("admin.approve"), to("approve")]], disabled: [[t("admin.enable"), to("enable")]],
    active: [[t("admin.disable"), to("disable")]]}[user.state] ?? [];
  const level = user.level === "admin" ? "user" : "admin";
  return [...own, [t(`admin.level.${level}`), to("level", {level})],
    [t("admin.delete"), () => remove(`/v1/auth/users/${user.id}`)]];
}

function Users() {
  return html`<${Listing} title=${t("admin.users")} list=${useList("/v1/auth/users")} actions=${actionsOf}
    columns=${[[t("account.name"), (one) => one.name], [t("admin.level"), (one) => one.level],
      [t("admin.state"), (one) => t(`admin.state.${one.state}`)],
      [t("admin.created"), (one) => time(one.created)]]} />`;
}

function Invites() {
  const list = useList("/v1/auth/invites");
  const [made, setMade] = useState(null), [fault, setFault] = useState("");
  const make = () => post("/v1/auth/invites", {uses: 1})
    .then((answer) => (setMade(answer.code), setFault(""), list.reload())).catch((error) => setFault(error.message));
  return html`<${Listing} title=${t("admin.invites")} list=${list}
      columns=${[[t("admin.by"), (one) => one.created_by],
        [t("admin.left"), (one) => one.uses_remaining ?? t("gallery.all")],
        [t("admin.created"), (one) => time(one.created_at)], [t("admin.valid"), (one) => t(one.valid ? "yes" : "no")]]}
      actions=${(one) => (one.valid ? [[t("account.revoke"), () => remove(`/v1/auth/invites/${one.id}`)]] : [])} />
    <button type="button" onClick=${make}>${t("admin.invite")}</button>
    ${fault ? html`<p class="fault" role="alert">${fault}</p>` : null}
    ${made ? html`<${Secret} label=${t("admin.invite.once")} text=${made} />` : null}`;
}

function Audit() {
  return html`<${Listing} title=${t("admin.audit")} list=${useList("/v1/auth/audit?limit=100")}
    columns=${[[t("admin.when"), (one) => time(one.time)], [t("admin.who"), (one) => one.actor],
      [t("admin.what"), (one) => one.action], [t("admin.on"), (one) => one.target],
      [t("account.address"), (one) => one.address], [t("admin.result"), (one) => one.result]]} />`;
}

export function Admin() {
  useStore();
  return html`<h1>${t("nav.admin")}</h1>
    ${state.me?.is_admin ? html`<${Users} /><${Invites} /><${Audit} />` : html`<p>${t("admin.nobody")}</p>`}`;
}
