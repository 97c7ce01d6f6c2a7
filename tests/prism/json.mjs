// JSON over HTTP, and waiting for what shall come.

/// A client of a JSON API. Refusals throw, unless `expect` names their status.
export function api(base, headers = {}) {
  return async function call(method, path, body, { expect, form, type, raw } = {}) {
    const sent = { ...headers };
    let content;
    if (form) {
      content = new URLSearchParams(form);
    } else if (body instanceof Uint8Array) {
      content = body;
      sent["content-type"] = type ?? "application/octet-stream";
    } else if (body !== undefined) {
      content = JSON.stringify(body);
      sent["content-type"] = "application/json; charset=utf-8";
    }
    const url = path.startsWith("http") ? path : base + path;
    const answer = await fetch(url, { method, headers: sent, body: content, redirect: "manual" });
    if (raw) return answer;
    const text = await answer.text();
    const fine = expect ? answer.status === expect : answer.ok;
    if (!fine) throw new Error(`${method} ${path} → ${answer.status}: ${text}`);
    return text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
  };
}

/// Asks until there is an answer.
export async function until(what, ask, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const found = await ask();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${seconds} s`);
}
