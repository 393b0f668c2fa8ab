// Texts of the page, by their keys, in the language that the reader has chosen or that the browser asks for.

const LANGUAGES = {en: "English", de: "Deutsch", "qps-rtl": "\u2067[test, right to left]\u2069"};
const RIGHT_TO_LEFT = new Set(["qps-rtl"]);
const SAVED = "alice.language";

let texts = {};
let language = "en";

function saved() {
  try {
    return localStorage.getItem(SAVED);
  } catch {
    return null;  // storage is refused
  }
}

function wanted() {
  const asked = [saved(), ...navigator.languages].filter(Boolean).map((one) => [one, one.split("-")[0]]).flat();
  return asked.find((one) => one in LANGUAGES) ?? "en";
}

async function read(name) {
  return (await fetch(`/web/lang/${name}.json`)).json();
}

export async function loadLanguage() {
  language = wanted();
  const english = await read("en");
  texts = language === "en" ? english : {...english, ...await read(language)};
  document.documentElement.lang = language === "qps-rtl" ? "ar" : language;
  document.documentElement.dir = RIGHT_TO_LEFT.has(language) ? "rtl" : "ltr";
}

export function chooseLanguage(name) {
  try {
    localStorage.setItem(SAVED, name);
  } catch {
    // as it was, until the next visit
  }
  location.reload();
}

export const languages = () => Object.entries(LANGUAGES);
export const currentLanguage = () => language;

/** The text of `key`, with {name} replaced. With `count`, of the plural form: "key.one", "key.other". */
export function t(key, values = {}) {
  const rules = () => new Intl.PluralRules(RIGHT_TO_LEFT.has(language) ? "en" : language);
  const form = "count" in values ? `${key}.${rules().select(values.count)}` : key;
  const text = texts[form] ?? texts[`${key}.other`] ?? texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const formatNumber = (value, digits = 0) =>
  new Intl.NumberFormat(document.documentElement.lang, {maximumFractionDigits: digits}).format(value);

export const formatTime = (seconds) =>
  new Intl.DateTimeFormat(document.documentElement.lang, {dateStyle: "short", timeStyle: "medium"})
    .format(seconds * 1000);

export function formatSeconds(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? t("time.seconds", {seconds: formatNumber(Math.max(seconds, 0), seconds < 10 ? 1 : 0)})
    : t("time.minutes", {minutes: Math.floor(whole / 60), seconds: whole % 60});
}
