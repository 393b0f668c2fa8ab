// The page: its frame, and which view is shown. Views are reached by the address behind #, so Back and links work.

import {html, render, useEffect, useState} from "./vendor/htm-preact-3.1.1.js";
import {follow} from "./events.js";
import {chooseLanguage, currentLanguage, languages, loadLanguage, t} from "./i18n.js";
import {loadAll, state, unfinishedJobs, useStore} from "./store.js";
import {Account} from "./pages/account.js";
import {Admin} from "./pages/admin.js";
import {ApiPage} from "./pages/api_page.js";
import {Gallery} from "./pages/gallery.js";
import {Generate} from "./pages/generate.js";
import {Models} from "./pages/models.js";
import {Queue} from "./pages/queue.js";
import {SignIn, SignOut} from "./pages/sign_in.js";
import {Announcer} from "./parts/announcer.js";
import {nextTheme, theme} from "./theme.js";

const PAGES = {generate: Generate, queue: Queue, gallery: Gallery, models: Models, account: Account, admin: Admin,
  api: ApiPage};

/** Whom a page says something. */
const isFor = (page) => (page === "account" ? Boolean(state.me?.session_id)
  : page === "admin" ? Boolean(state.me?.session_id && state.me.is_admin) : true);

const shownPage = () => {
  const name = location.hash.replace(/^#\/?/, "").split("?")[0];
  return name in PAGES ? name : "generate";
};

function Navigation({page}) {
  const waiting = unfinishedJobs().length;
  return html`<nav aria-label=${t("nav.label")}><ul>
    ${Object.keys(PAGES).filter(isFor).map((name) => html`<li key=${name}>
      <a href=${`#/${name}`} aria-current=${page === name ? "page" : null}>${t(`nav.${name}`)}${
        name === "queue" && waiting > 0 ? html` <span class="badge">${waiting}</span>` : null}</a></li>`)}
  </ul></nav>`;
}

function Preferences() {
  const [, draw] = useState(0);
  return html`<div class="preferences">
    <label><span class="hidden">${t("language")}</span>
      <select value=${currentLanguage()} onChange=${(event) => chooseLanguage(event.target.value)}>
        ${languages().map(([code, name]) => html`<option key=${code} value=${code}>${name}</option>`)}
      </select></label>
    <button type="button" class="quiet" onClick=${() => (nextTheme(), draw((count) => count + 1))}>
      ${t(`theme.${theme()}`)}</button>
    <${SignOut} />
  </div>`;
}

function App() {
  useStore();
  const [page, setPage] = useState(shownPage());
  const [fault, setFault] = useState(null);
  useEffect(() => {
    const moved = () => (setPage(shownPage()), window.scrollTo(0, 0));
    addEventListener("hashchange", moved);
    loadAll().then(() => state.needsKey || follow()).catch(setFault);
    return () => removeEventListener("hashchange", moved);
  }, []);
  const View = state.needsKey ? SignIn : PAGES[page];
  return html`
    <a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      document.querySelector("main").focus();
    }}>${t("nav.skip")}</a>
    <header><span class="name">ALICE</span>
      ${state.needsKey ? null : html`<${Navigation} page=${page} />`}</header>
    ${state.connected ? null : html`<p class="banner" role="status">${t("connection.lost")}</p>`}
    <main tabindex="-1" id="main">
      ${fault ? html`<p class="fault" role="alert">${fault.message}</p>`
        : state.loaded || state.needsKey ? html`<${View} />` : html`<p role="status">${t("loading")}</p>`}
    </main>
    <footer><${Preferences} /></footer>
    <${Announcer} />`;
}

await loadLanguage();
render(html`<${App} />`, document.getElementById("app"));
