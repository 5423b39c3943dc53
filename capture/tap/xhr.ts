import { MAX_BODY_BYTES } from "../limits";
import { match, open, type Match } from "./link";
import { listen, quietly, wrap } from "./native";

const requests = new WeakMap<object, Match>();

/** The text of a response that is there; nothing for kinds that hold no text. */
function textOf(xhr: XMLHttpRequest): string | null {
  if (!xhr.responseType || xhr.responseType === "text") return xhr.responseText;
  const response: unknown = xhr.response;
  if (response instanceof ArrayBuffer) {
    return new TextDecoder().decode(response.slice(0, MAX_BODY_BYTES));
  }
  return xhr.responseType === "json" ? JSON.stringify(response) : null;
}

function observe(xhr: XMLHttpRequest): void {
  const request = requests.get(xhr);
  // An object that was opened again has a listener for each time.
  requests.delete(xhr);
  const isRead = request?.rule.tap && xhr.status >= 200 && xhr.status < 300;
  const text = isRead ? textOf(xhr) : null;
  if (!request || !text) return;
  const writer = open(request, xhr.status);
  writer.write(text.slice(0, MAX_BODY_BYTES));
  writer.end(text.length > MAX_BODY_BYTES);
}

/** Looks at the page's XMLHttpRequests: reads the response that the page itself got, when it is complete. */
export function tapXhr(): void {
  wrap(XMLHttpRequest.prototype, "open", (xhr, [method, url]) => {
    requests.delete(xhr);
    const request = match("xhr", method as string, url);
    if (!request) return;
    requests.set(xhr, request);
    listen(xhr, "load", () => quietly(() => observe(xhr as XMLHttpRequest)));
  });
}
