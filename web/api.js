// The server's routes, as the page calls them.

/** An answer that is an error: its message is a sentence for people. */
export class ApiError extends Error {
  constructor(status, error) {
    super(error?.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = error?.code ?? "";
    this.param = error?.param ?? null;
  }
}

async function call(method, path, body) {
  const form = body instanceof FormData;
  const answer = await fetch(path, {
    method,
    headers: body === undefined || form ? {Accept: "application/json"}
      : {Accept: "application/json", "Content-Type": "application/json"},
    body: body === undefined || form ? body : JSON.stringify(body),
  });
  if (answer.status === 204) return null;
  const json = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, json?.error);
  return json;
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
export const remove = (path) => call("DELETE", path);

/** Addresses of pictures on the host that the page is from, whatever the server calls itself. */
export function localUrl(url) {
  const parsed = new URL(url, location.href);
  return parsed.pathname + parsed.search;
}
