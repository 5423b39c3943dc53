import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFunctionReference as reference } from "convex/server";
import * as jose from "jose";
import { expect } from "vitest";
import { type CliResult, pushProject, runCli } from "../push.ts";
import { type ConvexOptions, type RunningConvex, startConvex } from "./server.ts";

const APP = fileURLToPath(new URL("./fixtures/app", import.meta.url));
const NODE_MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** The fixture's functions. */
export const notes = {
  add: reference<"mutation">("notes:add"),
  list: reference<"query">("notes:list"),
  count: reference<"query">("notes:count"),
  page: reference<"query">("notes:page"),
  refuse: reference<"mutation">("notes:refuse"),
  addTwice: reference<"action">("notes:addTwice"),
  echo: reference<"query">("notes:echo"),
  whoAmI: reference<"query">("notes:whoAmI"),
  large: reference<"query">("notes:large"),
  hang: reference<"mutation">("notes:hang"),
  leaveRejected: reference<"action">("notes:leaveRejected"),
  hangAction: reference<"action">("notes:hangAction"),
  secret: reference<"query">("notes:secret"),
};
export const files = {
  uploadUrl: reference<"mutation">("files:uploadUrl"),
  url: reference<"query">("files:url"),
  remove: reference<"mutation">("files:remove"),
};

/** Asserts what becomes true in a while, however busy the machine is. */
export const eventually = <T>(value: () => T) =>
  expect.poll(value, { timeout: 30_000, interval: 10 });

/** The issuer and audience that the fixture's auth.config.ts accepts. */
export const ISSUER = "https://issuer.example";

/**
 * A free port outside the range from which the system serves everyone else, so that nobody takes it while a test's
 * backend is down for a moment.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((answer) => {
      server.once("error", () => answer(false)).once("listening", () => answer(true));
      server.listen(port, "127.0.0.1");
    });
    server.close();
    if (isFree) return port;
  }
}

/** A project in a temporary folder, the backend that it is pushed to, and an issuer of tokens. */
export class Fixture {
  readonly folder: string;
  readonly projectDir: string;
  readonly dataDir: string;
  readonly jwks: string;
  readonly #key: CryptoKey;
  convex!: RunningConvex;

  private constructor(folder: string, key: CryptoKey, jwks: string) {
    this.folder = folder;
    this.projectDir = join(folder, "app");
    this.dataDir = join(folder, "data");
    this.#key = key;
    this.jwks = jwks;
  }

  /** Copies the fixture project and starts a backend; pushes nothing yet. */
  static async create(): Promise<Fixture> {
    const folder = await mkdtemp(join(tmpdir(), "opensync-convex-"));
    const { privateKey, publicKey } = await jose.generateKeyPair("ES256");
    const jwk = { ...(await jose.exportJWK(publicKey)), kid: "fixture", alg: "ES256" };
    const keys = encodeURIComponent(JSON.stringify({ keys: [jwk] }));
    const fixture = new Fixture(folder, privateKey, `data:application/json,${keys}`);
    await cp(APP, fixture.projectDir, { recursive: true });
    await symlink(NODE_MODULES, join(fixture.projectDir, "node_modules"));
    await fixture.start({ port: await freePort(), sitePort: await freePort() });
    return fixture;
  }

  /** A fixture with its code pushed. */
  static async pushed(): Promise<Fixture> {
    const fixture = await Fixture.create();
    await fixture.push();
    return fixture;
  }

  async start(options: Partial<ConvexOptions> = {}): Promise<void> {
    this.convex = await startConvex({ dataDir: this.dataDir, ...options });
  }

  push(): Promise<void> {
    const { url, adminKey } = this.convex;
    const env = { TEST_JWKS: this.jwks };
    return pushProject({ projectDir: this.projectDir, url, adminKey, env, typecheck: "disable" });
  }

  cli(args: string[], adminKey = this.convex.adminKey): Promise<CliResult> {
    return runCli({ projectDir: this.projectDir, url: this.convex.url, adminKey, args });
  }

  /** A token of the fixture's issuer that lives `seconds` from now. */
  token(subject: string, seconds = 3600, issuer = ISSUER): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new jose.SignJWT({ sub: subject })
      .setProtectedHeader({ alg: "ES256", kid: "fixture" })
      .setIssuer(issuer)
      .setAudience("fixture")
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .setJti(crypto.randomUUID())
      .sign(this.#key);
  }

  /** Calls the HTTP API directly. */
  call(kind: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.convex.url}/api/${kind}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  }

  /** Opens a sync socket without a client, to see the frames themselves. */
  async socket(): Promise<RawSocket> {
    const socket = new WebSocket(`${this.convex.url.replace("http", "ws")}/api/1.48.0/sync`);
    await new Promise((opened, failed) => {
      socket.onopen = opened;
      socket.onerror = failed;
    });
    return new RawSocket(socket);
  }

  async close(): Promise<void> {
    await this.convex.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A frame of the sync protocol, of whatever type. */
export type Frame = { type: string; [field: string]: unknown };

/** A bare sync socket that keeps what it received. */
export class RawSocket {
  readonly #socket: WebSocket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<void>;
  #read = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.frames.push(JSON.parse(String(data)) as Frame);
    this.closed = new Promise((closed) => {
      socket.onclose = () => closed();
    });
  }

  send(...messages: object[]): void {
    for (const message of messages) this.#socket.send(JSON.stringify(message));
  }

  /** Connects as a session, watching the given queries. */
  connect(sessionId: string, ...queries: { path: string; args: object }[]): void {
    const modifications = queries.map(({ path, args }, queryId) => ({
      type: "Add",
      queryId,
      udfPath: path,
      args: [args],
    }));
    this.send(
      { type: "Connect", sessionId, connectionCount: 0, lastCloseReason: null, clientTs: 0 },
      { type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications },
    );
  }

  /** The next frame that is no Ping. */
  async next(timeout = 30_000): Promise<Frame> {
    const end = Date.now() + timeout;
    for (;;) {
      const frame = this.frames[this.#read];
      if (frame !== undefined) this.#read += 1;
      if (frame !== undefined && frame.type !== "Ping") return frame;
      if (Date.now() > end) throw new Error("No frame came.");
      if (frame === undefined) await new Promise((wait) => setTimeout(wait, 5));
    }
  }

  close(): void {
    this.#socket.close();
  }
}
