// Talks to the sandbox.

/** What a GET answers, as JSON. Throws when the sandbox cannot be reached or refuses. */
export async function get(path) {
  return read(await fetch(path, { headers: { accept: "application/json" } }));
}

/** Sends JSON and gives the answer. A refusal is an Error with the sandbox's words. */
export async function post(path, body = {}) {
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return read(await fetch(path, options));
}

/** Puts JSON in the place of what is there, and gives the answer. */
export async function put(path, body) {
  const options = { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return read(await fetch(path, options));
}

/** Deletes. */
export async function remove(path) {
  return read(await fetch(path, { method: "DELETE" }));
}

async function read(response) {
  const text = await response.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    body = text;
  }
  if (response.ok) return body;
  const detail = body?.detail;
  const words = Array.isArray(detail) ? detail.map((d) => `${d.loc?.at(-1)}: ${d.msg}`).join("; ") : detail;
  throw new Error(words || `The sandbox answered ${response.status}`);
}
