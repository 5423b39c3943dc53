import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { lockFolder } from "../folder-lock.ts";
import { listenOnLoopback } from "../listen.ts";
import { asOauth, authenticate } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import { controlOverHttp, makeControl, type Control, type RequestCounts } from "./control.ts";
import { openEmulator, signLikeAuthkit } from "./emulator.ts";
import { FailureQueue, oauthError } from "./failures.ts";
import { PEOPLE, type Person } from "./people.ts";
import { isAllowedRedirect, isLoopbackHost } from "./redirects.ts";
import type { Shim } from "./shim.ts";
import { capture, readState, restore, writeState, type AuthkitState } from "./state.ts";

/** How to start the emulator. */
export interface AuthkitOptions {
  /** The port to listen on; without it the port of last time, else a free one. */
  port?: number;
  /** Where the signing key, the people and their sign-ins are kept. */
  dataDir: string;
  /** The only client id that is accepted. */
  clientId: string;
  /** The hosts besides loopback that a sign-in may return to, as `redirectHostsOf` answers. */
  redirectHosts: readonly string[];
  /** The lifetime of access tokens; 300 as at AuthKit unless given. */
  ttlSeconds?: number;
  /** Who can sign in; the seeded people unless given. */
  people?: readonly Person[];
}

/** A running emulator. */
export interface Authkit {
  /** Its address, http://127.0.0.1:<port>. */
  url: string;
  port: number;
  /** The `iss` of its tokens, shaped like AuthKit's. */
  issuer: string;
  jwksUrl: string;
  people: readonly Person[];
  control: Control;
  close(): Promise<void>;
}

const CONTROL_PATH = "/__control";
const SIGN_INS = "/user_management/sessions/";

/** Starts the vendor's WorkOS emulator, with what it lacks, on this machine only. */
export async function startAuthkit(options: AuthkitOptions): Promise<Authkit> {
  const lock = lockFolder(options.dataDir, "the AuthKit emulator");
  try {
    const state = readState(options.dataDir);
    let answer: (request: Request) => Promise<Response> = () =>
      Promise.resolve(new Response(null, { status: 503 }));
    const server = createAdaptorServer({ fetch: (request) => answer(request) }) as Server;
    // One request a connection, so that no client finds a kept connection dead after a restart on the same port.
    server.maxRequestsPerSocket = 1;
    const port = await listenOnLoopback(server, {
      what: "The AuthKit emulator",
      port: options.port,
      preferred: state.port ?? undefined,
    });
    const running = await open(options, state, port);
    answer = running.answer;
    const close = async () => {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await ended;
      lock.release();
    };
    return { ...running.described, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function open(options: AuthkitOptions, state: AuthkitState, port: number) {
  const url = `http://127.0.0.1:${port}`;
  const issuer = `${url}/user_management/${options.clientId}`;
  const people = options.people ?? PEOPLE;
  const emulator = await openEmulator(url, issuer, state.key);
  const shim: Shim = {
    emulator,
    failures: new FailureQueue(),
    people,
    url,
    clientId: options.clientId,
    redirectHosts: options.redirectHosts,
    isInteractive: true,
    tokenSeconds: options.ttlSeconds ?? 300,
  };
  signLikeAuthkit(emulator.signer, () => shim.tokenSeconds);
  restore(emulator, state, people);
  const keep = () => {
    endOrphans(shim);
    writeState(options.dataDir, capture(emulator, port));
  };
  keep();
  const counts: RequestCounts = { authorize: 0, authenticate: 0, jwks: 0, logout: 0 };
  const control = makeControl(shim, randomBytes(16).toString("hex"), counts, keep);
  const jwksUrl = `${url}/sso/jwks/${options.clientId}`;
  return {
    answer: (request: Request) => route(shim, control, counts, keep, request),
    described: { url, port, issuer, jwksUrl, people, control },
  };
}

async function route(
  shim: Shim,
  control: Control,
  counts: RequestCounts,
  keep: () => void,
  request: Request,
): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname;
  if (!isLoopbackHost(request.headers.get("host"))) {
    return new Response("This server answers only to this machine.", { status: 403 });
  }
  if (path === CONTROL_PATH && request.method === "POST") return controlOverHttp(control, request);
  if (path === "/health") return Response.json({ status: "ok" });
  const endpoint = endpointOf(request.method, path);
  if (endpoint) counts[endpoint] += 1;
  if (endpoint && endpoint !== "logout") {
    const failure = await shim.failures.next(endpoint);
    if (failure) return failure;
  }
  const response = await (endpoint === "authorize"
    ? authorize(shim, request)
    : endpoint === "authenticate"
      ? authenticate(shim, request)
      : other(shim, url, request));
  // Written before the answer goes out: who was told of a token must find it valid after a crash.
  if (request.method !== "GET" || endpoint === "logout") keep();
  return response;
}

function endpointOf(method: string, path: string): keyof RequestCounts | null {
  if (path === "/user_management/authorize") return "authorize";
  if (path === "/user_management/authenticate" && method === "POST") return "authenticate";
  if (path.startsWith("/sso/jwks/") || path.startsWith(`${SIGN_INS}jwks/`)) return "jwks";
  return path === `${SIGN_INS}logout` ? "logout" : null;
}

async function other(shim: Shim, url: URL, request: Request): Promise<Response> {
  const isJwks = endpointOf(request.method, url.pathname) === "jwks";
  if (isJwks && url.pathname.split("/").at(-1) !== shim.clientId) {
    return oauthError(404, "not_found", "Invalid client ID.");
  }
  const returnTo = url.searchParams.get("return_to");
  if (url.pathname !== `${SIGN_INS}logout` || !returnTo) {
    return asOauth(await shim.emulator.fetch(request));
  }
  // The vendor's emulator sends nobody to another host than loopback, so it ends the sign-in and the shim redirects.
  if (!isAllowedRedirect(returnTo, shim.redirectHosts)) {
    return oauthError(400, "invalid_redirect_uri", `Invalid return_to: ${returnTo}`);
  }
  url.searchParams.delete("return_to");
  const response = await shim.emulator.fetch(new Request(url));
  return response.ok ? Response.redirect(returnTo, 302) : asOauth(response);
}

/** The vendor's emulator leaves the refresh tokens of an ended sign-in alive; AuthKit does not. */
function endOrphans(shim: Shim): void {
  const { sessions, refreshTokens } = shim.emulator.store;
  for (const token of refreshTokens.all()) {
    if (!sessions.get(token.session_id)) refreshTokens.delete(token.id);
  }
}
