import { MAX_BODY_BYTES } from "../limits";
import { find, type Found, type Writer } from "./link";
import { listen, wrap } from "./native";
import { begin, type Begin, type HeaderList } from "./requests";

/** Reading what has come so far copies all of it. */
const PAUSE_MS = 1_000;

/** One use of an object, from `open` on. */
interface Opened {
  found: Found;
  headers: HeaderList;
  begin?: Begin;
}

const requests = new WeakMap<object, Opened>();

/** The text of a response, as far as it is there; nothing for kinds that hold no text. */
function textOf({ responseType, status, response }: XMLHttpRequest): string {
  if (status < 200 || status > 299) return "";
  if (response instanceof ArrayBuffer) {
    return new TextDecoder().decode(response.slice(0, MAX_BODY_BYTES));
  }
  if (typeof response === "string") return response;
  return responseType === "json" && response ? JSON.stringify(response) : "";
}

/** Copies what the page itself gets. */
function follow(xhr: XMLHttpRequest, request: Opened): void {
  let writer: Promise<Writer> | undefined;
  let handed = 0;
  let readAt = -PAUSE_MS;

  async function take({ type, timeStamp }: Event): Promise<void> {
    const isLast = type !== "progress";
    // An object that was opened again has a listener for each time.
    if (requests.get(xhr) !== request || (!isLast && timeStamp - readAt < PAUSE_MS)) return;
    readAt = timeStamp;
    if (isLast) requests.delete(xhr);
    try {
      const text = textOf(xhr);
      const piece = text.slice(handed, MAX_BODY_BYTES);
      handed += piece.length;
      if (piece) writer ??= request.begin!(xhr.status);
      const to = await writer;
      to?.write(piece);
      if (isLast) to?.end(type !== "load" || text.length > MAX_BODY_BYTES);
    } catch {
      // A response that cannot be read.
    }
  }

  for (const name of ["progress", "load", "loadend"]) {
    listen(xhr, name, (event) => void take(event));
  }
}

/** Looks at the page's XMLHttpRequests: reads the response that the page itself gets, now and then while it comes, and at its end. */
export function tapXhr(): void {
  const owner = XMLHttpRequest.prototype;
  wrap(owner, "open", (xhr, [method, url]) => {
    requests.delete(xhr);
    const found = find("xhr", method as string, url);
    if (!found) return;
    const request = { found, headers: [] };
    requests.set(xhr, request);
    follow(xhr as XMLHttpRequest, request);
  });
  wrap(owner, "setRequestHeader", (xhr, header) => {
    requests.get(xhr)?.headers.push(header as [string, string]);
  });
  wrap(owner, "send", null, (xhr, [body]) => {
    const request = requests.get(xhr);
    if (request) request.begin = begin(request.found, request.headers, body);
  });
}
