import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { listenOnLoopback } from "../../listen.ts";
import type { Engine } from "../types.ts";
import { AdminApi } from "./admin-api.ts";
import { answerApi, type ApiParts } from "./api.ts";
import { type DevProvider, TokenVerifier } from "./auth.ts";
import { CallApi } from "./call-api.ts";
import { Callers } from "./callers.ts";
import { Exports } from "./exports.ts";
import { Functions } from "./functions.ts";
import { checkCaller, corsHeaders, replyForError, type Reply, send } from "./http.ts";
import { PushApi } from "./push-api.ts";
import { answerSite } from "./site.ts";
import { StorageApi } from "./storage-api.ts";
import { SyncServer } from "./sync-server.ts";
import { SystemQueries } from "./system-queries.ts";

/** What a backend is made of, beside its engine. */
export interface BackendOptions {
  adminKey: string;
  devProviders: DevProvider[];
  /** Origins of pages that may call; null for all. */
  allowedOrigins: string[] | null;
}

/** Convex's HTTP and sync protocols over one engine, on two loopback origins: the API and the HTTP actions' site. */
export class Backend {
  readonly #engine: Engine;
  readonly #options: BackendOptions;
  readonly #callers: Callers;
  readonly #sync: SyncServer;
  readonly #parts: ApiParts;
  readonly #closing = new AbortController();
  readonly #api: Server;
  readonly #site: Server;
  #origins = { api: "", site: "" };

  constructor(engine: Engine, options: BackendOptions) {
    this.#engine = engine;
    this.#options = options;
    const { adminKey, devProviders } = options;
    const verifier = new TokenVerifier({ providers: () => engine.authProviders(), devProviders });
    this.#callers = new Callers(verifier, adminKey);
    const exports = new Exports(engine);
    const system = new SystemQueries(engine, exports, () => this.#origins.api);
    const functions = new Functions(engine, system);
    this.#sync = new SyncServer({ functions, verifier, callers: this.#callers, now: Date.now });
    this.#parts = {
      calls: new CallApi(functions, this.#callers),
      storage: new StorageApi(engine),
      push: new PushApi(engine),
      admin: new AdminApi({ engine, exports, origins: () => this.#origins }),
      callers: this.#callers,
      signal: this.#closing.signal,
    };
    this.#api = this.#server((request) => answerApi(this.#parts, request), corsHeaders);
    this.#api.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#site = this.#server(
      (request) => answerSite(engine, this.#callers, request),
      () => ({}),
    );
  }

  /** Starts to answer. A port that was asked for and is in use is an error; a preferred one gives way to a free one. */
  async listen(ports: {
    api?: number;
    site?: number;
    preferred: { api: number; site: number } | null;
  }): Promise<{ api: number; site: number }> {
    const { preferred } = ports;
    const choice = (what: string, port?: number, last?: number) => ({
      what,
      port,
      preferred: last,
    });
    const api = await listenOnLoopback(
      this.#api,
      choice("The embedded Convex backend", ports.api, preferred?.api),
    );
    const site = await listenOnLoopback(
      this.#site,
      choice("The site of the embedded Convex backend", ports.site, preferred?.site),
    );
    this.#origins = { api: `http://127.0.0.1:${api}`, site: `http://127.0.0.1:${site}` };
    this.#engine.setOrigins(this.#origins);
    this.#engine.startScheduler();
    return { api, site };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#sync.close();
    await Promise.all([this.#api, this.#site].map(closeServer));
    await this.#engine.close();
  }

  #server(
    answer: (request: IncomingMessage) => Promise<Reply>,
    headersFor: (request: IncomingMessage) => Record<string, string>,
  ): Server {
    const handle = async (request: IncomingMessage, response: ServerResponse) => {
      const reply = await this.#answer(answer, request);
      await send(response, reply, headersFor(request));
    };
    return createServer((request, response) => {
      handle(request, response).catch((error: unknown) => {
        console.error("The embedded Convex backend could not send an answer:", error);
        response.destroy();
      });
    });
  }

  async #answer(
    answer: (request: IncomingMessage) => Promise<Reply>,
    request: IncomingMessage,
  ): Promise<Reply> {
    try {
      checkCaller(request, this.#options.allowedOrigins);
      return await answer(request);
    } catch (error) {
      return replyForError(error);
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    try {
      checkCaller(request, this.#options.allowedOrigins);
    } catch {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    if (SyncServer.matches(pathname)) this.#sync.accept(request, socket, head);
    else socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
