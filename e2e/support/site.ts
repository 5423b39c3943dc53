/** A web site with everything that a page can fetch, on two ports: the agent's origin, and one that no agent has. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { listenOnLoopback } from "../../local/listen.ts";

/** A running site. */
export interface Site {
  /** The origin that the test agent is switched on for. */
  origin: string;
  /** The same site on an origin without an agent. */
  other: string;
  /** Requests so far on the agent's origin, as `GET /path`. */
  requests: string[];
  /** What was posted to /report, parsed. */
  reports: unknown[];
  /** Headers of the last request of a path on the agent's origin. */
  headersOf(path: string): Record<string, string | string[] | undefined> | undefined;
  /** Connections of /events that are open. */
  openStreams(): number;
  /** Sends one event to every open /events. */
  send(event: unknown): void;
  close(): Promise<void>;
}

type Handler = (url: URL, request: IncomingMessage, response: ServerResponse) => unknown;

/** What a page's very first script does: it takes every port that any event of the bridge brings, at any time. */
const SPY = `
  window.ports = []; window.rules = [];
  const spy = (event) => { window.ports.push(...(event.ports ?? [])); if (event.detail) window.rules.push(event.detail); };
  for (const target of [window, document]) for (const name of ["opensync:offer", "opensync:rules", "opensync:hand-over", "message"])
    target.addEventListener(name, spy, true);
  window.native = { fetch: String(fetch), keys: Reflect.ownKeys(window).length };
`;

const html = (script: string): string =>
  `<!doctype html><title>Page</title><script>${script}</script><p>A page.`;

function page(body: string, headers: Record<string, string> = {}): Handler {
  return (_, __, response) =>
    response.writeHead(200, { "content-type": "text/html", ...headers }).end(body);
}

async function body(request: IncomingMessage): Promise<string> {
  request.setEncoding("utf8");
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, {
    "content-type": "application/json",
    "x-kind": "json",
    "access-control-allow-origin": "*",
  });
  response.end(JSON.stringify(value));
}

async function slow(
  response: ServerResponse,
  pieces: string[],
  ms: number,
  type = "text/plain",
): Promise<void> {
  response.writeHead(200, { "content-type": type });
  for (const piece of pieces) {
    response.write(piece);
    await wait(ms);
  }
  response.end();
}

/** A turn of twelve seconds. */
function drip(response: ServerResponse): Promise<void> {
  return slow(response, ["begun ", "", "ended"], 6_000, "text/event-stream");
}

/** Writes `bytes` of JSON text as fast as the reader takes them. */
async function large(response: ServerResponse, bytes: number): Promise<void> {
  function* blocks() {
    yield '{"key":"large","texts":["';
    for (let sent = 0; sent < bytes; sent += 262_144) yield "x".repeat(262_144);
    yield '"]}';
  }
  response.writeHead(200, { "content-type": "application/json" });
  // A page that goes away in the middle is one of the cases.
  await pipeline(blocks, response).catch(() => undefined);
}

function handlers(streams: Set<ServerResponse>): Record<string, Handler> {
  return {
    "/": page(html(SPY)),
    "/csp-none": page("<!doctype html><p>No scripts.", {
      "content-security-policy": "default-src 'none'; script-src 'none'; connect-src 'self'",
    }),
    "/trusted": page(html(SPY), {
      "content-security-policy": "require-trusted-types-for 'script'; trusted-types 'none'",
    }),
    "/replaces-fetch": page(
      html(`${SPY} const theirs = window.fetch; window.calls = [];
        window.fetch = function (...args) { window.calls.push(String(args[0])); return theirs.apply(this, args); };
        MessagePort.prototype.postMessage = function () { window.ports.push(this); };
        Promise.prototype.then = new Proxy(Promise.prototype.then, {});
        Response.prototype.clone = () => { throw new Error("not yours"); };`),
    ),
    "/frame": page(html(`${SPY} window.answer = fetch("/api/framed").then((r) => r.text());`)),
    "/frames": page('<!doctype html><iframe src="/frame"></iframe>'),
    "/api/echo": async (_, request, response) =>
      json(response, { key: "echo", texts: [await body(request)] }),
    "/api/status": (url, _, response) =>
      response.writeHead(Number(url.searchParams.get("code"))).end("body"),
    "/favicon.ico": (_, __, response) => response.writeHead(204).end(),
    "/api/empty": (_, __, response) => response.writeHead(204).end(),
    "/api/redirect": (_, __, response) =>
      response.writeHead(302, { location: "/api/session/target" }).end(),
    "/api/slow": (_, __, response) => slow(response, ["first ", "second ", "third"], 150),
    "/api/endless": (_, __, response) =>
      response.writeHead(200, { "content-type": "text/plain" }).write("begin"),
    "/rpc": async (_, request, response) =>
      json(response, { key: "rpc", texts: [await body(request)] }),
    "/timeline": (_, __, response) =>
      slow(response, ["beg", "un turn7\0\0\0", "other\0\0end", "ed\0\0"], 100),
    "/api/limited": (_, __, response) =>
      response.writeHead(429, { "retry-after": "7" }).end("slow down"),
    "/api/drip": (_, __, response) => drip(response),
    "/xhr/drip": (_, __, response) => drip(response),
    "/xhr/large": (url, _, response) => large(response, Number(url.searchParams.get("bytes"))),
    "/api/large": (url, _, response) => large(response, Number(url.searchParams.get("bytes"))),
    "/api/broken": (_, __, response) => {
      response.writeHead(200, { "content-length": "1000" }).write("only this");
      setTimeout(() => response.destroy(), 50);
    },
    "/api/bytes": (_, __, response) =>
      response
        .writeHead(200, { "content-type": "application/octet-stream" })
        .end(Buffer.from([0, 1, 254, 255, 226, 130])),
    "/api/form": (_, __, response) =>
      response
        .writeHead(200, { "content-type": "application/x-www-form-urlencoded" })
        .end("a=1&b=2"),
    "/events": (_, request, response) => {
      streams.add(response);
      response.writeHead(200, { "content-type": "text/event-stream" }).write(": hello\n\n");
      request.on("close", () => streams.delete(response));
    },
  };
}

/** A turn whose lines do not name it; the last one is not ended. */
function turn(response: ServerResponse): Promise<void> {
  const begun = JSON.stringify({ key: "turns", texts: ["begun"] });
  return slow(response, [begun, '\n{"more":1}\n{"en', 'd":1}'], 100, "application/jsonl");
}

/** Anything below these paths answers JSON that the test agent reads. */
function fallback(url: URL, response: ServerResponse): void {
  const empty = /^\/xhr\/empty\/(\w+)$/.exec(url.pathname);
  if (empty) return json(response, { key: empty[1], texts: [] });
  if (url.pathname.startsWith("/api/turn/")) return void turn(response);
  const match = /^\/(?:api|xhr|off|beside|elsewhere)\/(?:session\/)?(\w+)$/.exec(url.pathname);
  if (match) json(response, { key: match[1], texts: [`${match[1]} said hello – ✓ 😀`] });
  else response.writeHead(404).end();
}

/** Starts the site. */
export async function startSite(): Promise<Site> {
  const streams = new Set<ServerResponse>();
  const table = handlers(streams);
  const requests: string[] = [];
  const reports: unknown[] = [];
  const headers = new Map<string, Record<string, string | string[] | undefined>>();
  let origin = "";

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
    if (url.origin === origin) {
      requests.push(`${request.method} ${url.pathname}${url.search}`);
      headers.set(url.pathname, request.headers);
    }
    const handler = table[url.pathname];
    if (url.pathname === "/report") {
      void body(request).then((text) => {
        reports.push(JSON.parse(text));
        response.end();
      });
    } else if (handler) void handler(url, request, response);
    else fallback(url, response);
  }

  const servers = [createServer(answer), createServer(answer)] as const;
  const sockets = servers.map((server) => new WebSocketServer({ server }));
  for (const socket of sockets) {
    socket.on("connection", (client, { url }) => {
      if (url === "/socket") client.send('{"key":"socket","texts":["over a socket"]}');
      client.on("message", (data) => client.send(String(data)));
    });
  }
  const [port, otherPort] = await Promise.all(
    servers.map((server) => listenOnLoopback(server, { what: "The site" })),
  );
  origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    other: `http://127.0.0.1:${otherPort}`,
    requests,
    reports,
    headersOf: (path) => headers.get(path),
    openStreams: () => streams.size,
    send: (event) => {
      for (const stream of streams) stream.write(`data: ${JSON.stringify(event)}\n\n`);
    },
    async close() {
      for (const socket of sockets) for (const client of socket.clients) client.terminate();
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}
