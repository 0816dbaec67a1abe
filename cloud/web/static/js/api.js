// Requests to the hub. A browser session changes something only with this header: see kernel/auth.

export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** No answer came: whether the hub has done it is not known. */
export class NoAnswer extends Error {}

export async function ask(method, path, body) {
  const headers = { "X-Requested-With": "phoenyra" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    throw new NoAnswer(String(error));
  }
  if (answer.status === 401) location.assign("/login");
  const document = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (!answer.ok) throw new Refusal(answer.status, document.code ?? String(answer.status), document.message ?? answer.statusText);
  return document;
}

/** A name for an order that makes sending it twice harmless. */
export function newOrderName() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return "web-" + [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
