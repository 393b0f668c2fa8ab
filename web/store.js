// What the page knows of the server: jobs, models, plugins. It is a view of them and owns nothing: a reload asks anew.

import {get} from "./api.js";
import {useEffect, useState} from "./vendor/htm-preact-3.1.1.js";

const PAGE = 60;

export const state = {
  jobs: new Map(),      // by id, as the server has them
  progress: new Map(),  // by id: {position} or {stage, step, steps, eta_seconds, preview}
  models: [],
  loras: [],
  plugins: {},
  schema: null,         // of POST /v1/jobs
  settings: [],         // canonical names of a request's fields
  me: null,
  connected: true,
  more: true,           // older jobs than the oldest of `jobs`
  loaded: false,
  needsKey: false,
};

const listeners = new Set();
let pending = false;

/** Tells all views once, before the next frame. */
export function changed() {
  if (pending) return;
  pending = true;
  queueMicrotask(() => {
    pending = false;
    for (const listener of [...listeners]) listener();
  });
}

/** A view that is drawn again whenever the state has changed. */
export function useStore() {
  const [, draw] = useState(0);
  useEffect(() => {
    const listener = () => draw((count) => count + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return state;
}

export const hasEnded = (job) => ["succeeded", "failed", "cancelled"].includes(job.status);

/** Newest first: ids begin with the time. */
export const jobsNewestFirst = () => [...state.jobs.values()].sort((one, other) => (one.id < other.id ? 1 : -1));
export const unfinishedJobs = () => jobsNewestFirst().filter((job) => !hasEnded(job)).reverse();

/** Every picture that is there, newest first: {job, image}. */
export function pictures() {
  return jobsNewestFirst().flatMap((job) =>
    job.images.filter((image) => !image.removed).map((image) => ({job, image})));
}

export function takeJob(job) {
  state.jobs.set(job.id, job);
  if (hasEnded(job)) dropProgress(job.id);
  changed();
}

export function noteProgress(id, news) {
  const old = state.progress.get(id);
  if (news.preview && old?.preview) URL.revokeObjectURL(old.preview);
  state.progress.set(id, {...old, ...news});
  const job = state.jobs.get(id);
  if (job && news.stage && job.status === "queued") state.jobs.set(id, {...job, status: "running"});
  changed();
}

function dropProgress(id) {
  const old = state.progress.get(id);
  if (old?.preview) URL.revokeObjectURL(old.preview);
  state.progress.delete(id);
}

/** Jobs from the newest on, as many as there are pages already; what happened meanwhile is in them. */
export async function refreshJobs() {
  const answer = await get(`/v1/jobs?limit=${PAGE}`);
  const known = new Set(answer.data.map((job) => job.id));
  for (const job of unfinishedJobs())
    if (!known.has(job.id)) takeJob(await get(`/v1/jobs/${job.id}`));
  for (const job of answer.data) takeJob(job);
  if (!state.loaded) state.more = answer.has_more;
}

export async function loadOlderJobs() {
  const oldest = jobsNewestFirst().at(-1);
  if (!state.more || !oldest) return;
  const answer = await get(`/v1/jobs?limit=${PAGE}&before=${oldest.id}`);
  state.more = answer.has_more;
  for (const job of answer.data) state.jobs.set(job.id, job);
  changed();
}

/** A field's other spellings have its own sentence; the settings of a picture have the one name. */
function canonicalNames(document) {
  const settings = Object.keys(document.components.schemas.Settings.properties);
  const fields = state.schema.properties;
  const told = new Set(settings.filter((name) => name in fields).map((name) => fields[name].description));
  const extras = Object.keys(fields).filter((name) =>
    !settings.includes(name) && /^[a-z_0-9]+$/.test(name) && !told.has(fields[name].description));
  return [...settings.filter((name) => name in fields), ...extras];
}

async function describe() {
  const [models, plugins, document, loras] = await Promise.all(
    [get("/v1/models"), get("/v1/plugins"), get("/openapi.json"), get("/v1/loras")]);
  state.models = models.data;
  state.loras = loras.data;
  state.plugins = plugins.kinds ?? {};
  state.schema = document.paths["/v1/jobs"].post.requestBody.content["application/json"].schema;
  state.openapi = document;
  state.settings = canonicalNames(document);
}

async function whoAmI() {
  try {
    state.me = await get("/v1/auth/me");
  } catch {
    state.me = null;
  }
}

/** Everything that the pages need. Throws ApiError; 401 is told by `needsKey`. */
export async function loadAll() {
  await whoAmI();
  try {
    await describe();
    await refreshJobs();
    state.needsKey = false;
    state.loaded = true;
  } catch (error) {
    if (error.status !== 401) throw error;
    state.needsKey = true;
  }
  changed();
}
