// What is typed into the form: kept in this browser, with a way back after something was taken over.

const SAVED = "alice.form";
const MOST_STEPS_BACK = 30;

let form = {};
let back = [];
const listeners = new Set();

function keep() {
  try {
    localStorage.setItem(SAVED, JSON.stringify(form));
  } catch {
    // full or refused: until the next visit
  }
}

function tell() {
  keep();
  for (const listener of listeners) listener();
}

export function loadForm() {
  try {
    form = JSON.parse(localStorage.getItem(SAVED)) ?? {};
  } catch {
    form = {};
  }
  return form;
}

export const currentForm = () => form;
export const isEmptyForm = () => Object.keys(form).length === 0;
export const canUndo = () => back.length > 0;

export function onFormChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** null and "" mean that nothing is said: the model's own value counts. */
export function setField(name, value) {
  form = {...form};
  if (value === null || value === undefined || value === "") delete form[name];
  else form[name] = value;
  tell();
}

/** Several fields at once, which undo() takes back together. */
export function takeOver(fields) {
  back = [...back, form].slice(-MOST_STEPS_BACK);
  form = Object.fromEntries(Object.entries({...form, ...fields}).filter(([, value]) => value !== null && value !== ""));
  tell();
}

export function replaceForm(fields) {
  back = [...back, form].slice(-MOST_STEPS_BACK);
  form = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== ""));
  tell();
}

export function undo() {
  if (back.length === 0) return;
  form = back.at(-1);
  back = back.slice(0, -1);
  tell();
}
