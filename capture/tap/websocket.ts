import { watcher } from "./fetch";
import { match, open, type Match } from "./link";
import { construct, later, listen, quietly } from "./native";

/** Frames that arrive within this time are one batch. */
const BATCH_MS = 500;

/** Joins the frames of half a second to one observation. */
function batches(request: Match): (frame: string) => void {
  let frames: string[] = [];
  let timer: ReturnType<typeof later> | undefined;

  function flush(): void {
    const writer = open(request, 0);
    writer.write(frames.join("\n"));
    writer.end(false);
    frames = [];
    timer = undefined;
  }

  return (frame) => {
    frames.push(frame);
    timer ??= later(flush, BATCH_MS);
  };
}

function watch(socket: WebSocket): void {
  const request = match("websocket", "GET", socket.url);
  if (!request) return;
  const { stream } = request.rule;
  const onFrame = stream ? watcher({ ...request, headers: [] }, stream) : batches(request);
  listen(socket, "message", (event) => {
    const { data } = event as MessageEvent<unknown>;
    if (typeof data === "string") quietly(() => onFrame(data));
  });
}

/** Looks at the text frames that the page's WebSockets receive. */
export function tapWebSocket(): void {
  const value = new Proxy(WebSocket, {
    construct(target, args, newTarget) {
      const socket = construct(target, args, newTarget) as WebSocket;
      quietly(() => watch(socket));
      return socket;
    },
  });
  Object.defineProperty(WebSocket.prototype, "constructor", { value });
  window.WebSocket = value;
}
