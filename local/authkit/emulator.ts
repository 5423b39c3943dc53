import { createPrivateKey, createPublicKey, randomUUID, type KeyObject } from "node:crypto";

/**
 * Opens the vendor's WorkOS emulator in process. Its public entry binds every interface, makes a new signing key at
 * each start and has no way to reach its store, so its two inner modules are loaded by path; the version is pinned
 * exactly for that reason.
 */

/** A row of the emulator's store. */
export interface Row {
  id: string;
  [field: string]: unknown;
}

/** What is used of the emulator's collections. */
export interface Collection<T extends Row> {
  insert(row: Partial<T>): T;
  get(id: string): T | undefined;
  findOneBy(field: string, value: string): T | undefined;
  update(id: string, change: Partial<T>): T | undefined;
  delete(id: string): boolean;
  all(): T[];
}

/** A user as WorkOS describes one. */
export interface UserRow extends Row {
  email: string;
  first_name: string | null;
  last_name: string | null;
  password_hash: string | null;
}

/** A refresh token and the sign-in that it belongs to. */
export interface RefreshTokenRow extends Row {
  token: string;
  user_id: string;
  session_id: string;
  expires_at: string;
}

/** A sign-in at WorkOS (`sid` of its tokens). */
export interface SignInRow extends Row {
  user_id: string;
}

/** The collections that the shim reads and keeps. */
export interface WorkosStore {
  users: Collection<UserRow>;
  sessions: Collection<SignInRow>;
  refreshTokens: Collection<RefreshTokenRow>;
}

/** The emulator's token signer. */
export interface Signer {
  issuer: string;
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  sign(payload: Record<string, unknown>, options?: { expiresIn?: number }): string;
  getJWKS(): { keys: Record<string, unknown>[] };
}

/** The vendor's emulator, not yet listening anywhere. */
export interface Emulator {
  /** Answers one request as WorkOS would. */
  fetch(request: Request): Response | Promise<Response>;
  store: WorkosStore;
  signer: Signer;
  hashPassword(password: string): string;
}

interface CoreModule {
  createServer(
    plugin: unknown,
    options: { port: number; baseUrl: string; apiKeys: Record<string, { environment: string }> },
  ): { app: { fetch: Emulator["fetch"] }; store: unknown; jwt: Signer };
}

interface WorkosModule {
  workosPlugin: unknown;
  getWorkOSStore(store: unknown): WorkosStore;
}

interface HelpersModule {
  hashPassword(password: string): string;
}

const VENDOR = new URL("../../node_modules/workos/dist/emulate/", import.meta.url);

/** Makes an emulator that signs with the given key. */
export async function openEmulator(
  url: string,
  issuer: string,
  key: { pem: string; kid: string },
): Promise<Emulator> {
  const load = (path: string): Promise<unknown> => import(new URL(path, VENDOR).href);
  const [core, workos, helpers] = (await Promise.all([
    load("core/index.js"),
    load("workos/index.js"),
    load("workos/helpers.js"),
  ])) as [CoreModule, WorkosModule, HelpersModule];
  const { app, store, jwt } = core.createServer(workos.workosPlugin, {
    port: Number(new URL(url).port),
    baseUrl: url,
    apiKeys: { sk_test_default: { environment: "test" } },
  });
  jwt.issuer = issuer;
  jwt.kid = key.kid;
  jwt.privateKey = createPrivateKey(key.pem);
  jwt.publicKey = createPublicKey(key.pem);
  return {
    fetch: (request) => app.fetch(request),
    store: workos.getWorkOSStore(store),
    signer: jwt,
    hashPassword: helpers.hashPassword,
  };
}

/** Makes the signer's tokens look like AuthKit's: no audience, an id each, and the lifetime that `seconds` answers. */
export function signLikeAuthkit(signer: Signer, seconds: () => number): void {
  const sign = signer.sign.bind(signer);
  signer.sign = (payload) =>
    sign({ ...payload, aud: undefined, jti: randomUUID() }, { expiresIn: seconds() });
}
