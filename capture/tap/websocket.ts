import { find, open } from "./link";
import { construct, listen, quietly, wrap } from "./native";

/** Number of each WebSocket that a rule wants. */
const sockets = new WeakMap<object, number>();
let count = 0;

function onFrame(socket: WebSocket, frame: unknown, isSent: boolean): void {
  const { url } = socket;
  // Each time anew: after an update of the extension other rules may be at these places.
  const found = find("websocket", "GET", url);
  const rules = (found?.rules ?? []).flatMap(({ at, isSentToo }) =>
    !isSent || isSentToo ? at : [],
  );
  if (typeof frame !== "string" || !rules.length) return;
  const writer = open({ rules, url, method: "GET", status: 0, socket: sockets.get(socket) });
  writer.write(frame);
  writer.end(false);
}

function watch(socket: WebSocket): void {
  if (!find("websocket", "GET", socket.url)) return;
  sockets.set(socket, (count += 1));
  listen(socket, "message", (event) => {
    quietly(() => onFrame(socket, (event as MessageEvent<unknown>).data, false));
  });
}

/** Looks at the text frames that the page's WebSockets receive, and at those that they send where a rule wants them. */
export function tapWebSocket(): void {
  const value = new Proxy(WebSocket, {
    construct(target, args, newTarget) {
      const socket = construct(target, args, newTarget) as WebSocket;
      quietly(() => watch(socket));
      return socket;
    },
  });
  wrap(WebSocket.prototype, "send", (socket, [data]) => {
    if (sockets.has(socket)) onFrame(socket as WebSocket, data, true);
  });
  Object.defineProperty(WebSocket.prototype, "constructor", { value });
  window.WebSocket = value;
}
