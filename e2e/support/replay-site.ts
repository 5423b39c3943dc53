/** All the recorded sites in one HTTPS server on the loopback address; the browser is told to find every host there. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { WebSocketServer, type WebSocket } from "ws";
import { makeCertificate } from "./certificate.ts";
import { bodyOf, hostsOf, type Call, type Phase, type Replay } from "./replay.ts";
import { isStream, replayPage } from "./replay-page.ts";

/** A running server of the recorded sites. */
export interface ReplaySite {
  /** What the browser is started with, so that it finds the sites. */
  browserArgs: string[];
  /** The same for Firefox, which must besides accept certificates that nobody vouches for. */
  firefoxPrefs: Record<string, string>;
  /** From now on the page of this recording makes the calls of this phase; each is answered once, what only we ask as often as asked. */
  play(replay: Replay, phase: Phase): void;
  /** What was asked since then and is not recorded, as `GET https://...`. */
  unknown(): string[];
  close(): Promise<void>;
}

/** A body that streams comes in so many pieces, cut anywhere. */
const PIECES = 5;
const PAUSE_MS = 15;

/** Other hosts of a site answer its page, whichever it is. */
function corsHeaders({ headers }: IncomingMessage): Record<string, string> {
  return {
    "access-control-allow-origin": headers.origin ?? "*",
    "access-control-allow-credentials": "true",
    "access-control-allow-headers": headers["access-control-request-headers"] ?? "*",
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
  };
}

function addressOf({ headers, url }: IncomingMessage): string {
  return new URL(url ?? "/", `https://${headers.host}`).href;
}

async function answer(response: ServerResponse, call: Call): Promise<void> {
  const bytes = bodyOf(call);
  const size = isStream(call) ? Math.ceil(bytes.length / PIECES) : bytes.length;
  response.writeHead(call.status ?? 200, { "content-type": call.contentType });
  for (let at = 0; at < bytes.length; at += size) {
    if (at > 0) await wait(PAUSE_MS);
    response.write(bytes.subarray(at, at + size));
  }
  response.end();
}

/** Sends its frames, and waits for the page's, in the recorded order; stays open. */
async function talk(socket: WebSocket, { frames = [] }: Call): Promise<void> {
  const heard = { count: 0 };
  let isNews: () => void = () => undefined;
  socket.on("message", () => {
    heard.count += 1;
    isNews();
  });
  let wanted = 0;
  for (const { from, text } of frames) {
    if (from === "site") socket.send(text);
    else {
      wanted += 1;
      while (heard.count < wanted) await new Promise<void>((resolve) => (isNews = resolve));
    }
  }
}

/** Which recorded call a request is. */
class Recording {
  #left: Call[] = [];
  readonly #answers: Call[];
  readonly unknown: string[] = [];

  constructor(replays: readonly Replay[]) {
    this.#answers = replays.flatMap((replay) => replay.answers);
  }

  begin(calls: readonly Call[]): void {
    this.#left = [...calls];
    this.unknown.length = 0;
  }

  find(method: string, address: string, isSocket: boolean): Call | null {
    const isIt = (call: Call): boolean =>
      call.method === method &&
      (call.transport === "websocket") === isSocket &&
      new URL(call.url.replace(/^wss:/, "https:")).href === address;
    const at = this.#left.findIndex(isIt);
    const call = at < 0 ? this.#answers.find(isIt) : this.#left.splice(at, 1)[0];
    if (!call) this.unknown.push(`${method} ${address}`);
    return call ?? null;
  }
}

/** Starts it on a free port. */
export async function startReplaySite(replays: readonly Replay[]): Promise<ReplaySite> {
  const recording = new Recording(replays);
  let page = "";

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const { method = "GET", headers } = request;
    if (headers["sec-fetch-dest"] === "document") {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
      return;
    }
    for (const [name, value] of Object.entries(corsHeaders(request))) {
      response.setHeader(name, value);
    }
    if (method === "OPTIONS") return void response.writeHead(204).end();
    if (headers["sec-fetch-dest"] === "image") return void response.writeHead(404).end();
    const call = recording.find(method, addressOf(request), false);
    if (call) void answer(response, call);
    else response.writeHead(404).end();
  }

  const server = createServer(makeCertificate("replay"), handle);
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, stream, head) => {
    const call = recording.find("GET", addressOf(request), true);
    if (!call) return stream.destroy();
    sockets.handleUpgrade(request, stream, head, (socket) => void talk(socket, call));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const hosts = hostsOf(replays);
  const rules = hosts.map((host) => `MAP ${host}:443 127.0.0.1:${port}`);
  return {
    browserArgs: [`--host-resolver-rules=${rules.join(", ")}`, "--ignore-certificate-errors"],
    firefoxPrefs: {
      "network.dns.localDomains": hosts.join(","),
      "network.socket.forcePort": `443=${port}`,
    },
    play(replay, phase) {
      recording.begin(replay[phase]);
      page = replayPage(replay, replay[phase]);
    },
    unknown: () => [...recording.unknown],
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
