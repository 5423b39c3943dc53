/** Which tokens this project's own auth.config.ts accepts, with WorkOS' keys replaced by ours. */
import * as jose from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { TokenRefused, TokenVerifier } from "./convex/server/auth.ts";
import type { AuthProvider } from "./convex/types.ts";

const CLIENT = "client_ours";
const SHARED = "https://api.workos.com/";
const OURS = `https://api.workos.com/user_management/${CLIENT}`;
const NOW = Date.UTC(2026, 0, 1);
const seconds = NOW / 1000;
const { privateKey, publicKey } = await jose.generateKeyPair("RS256");
const jwk = { ...(await jose.exportJWK(publicKey)), kid: "one", alg: "RS256" };
const jwks = `data:application/json,${encodeURIComponent(JSON.stringify({ keys: [jwk] }))}`;

let verifier: TokenVerifier;
beforeAll(async () => {
  vi.stubEnv("WORKOS_CLIENT_ID", CLIENT);
  const { default: config } = await import("../convex/auth.config.ts");
  vi.unstubAllEnvs();
  const providers = config.providers.map((provider) => ({ ...provider, jwks })) as AuthProvider[];
  verifier = new TokenVerifier({ providers: () => providers, now: () => NOW });
});

const claims = { sub: "user_ann", sid: "session_1", iat: seconds, exp: seconds + 60 };

function sign(own: jose.JWTPayload, header: Partial<jose.JWTHeaderParameters> = {}) {
  const protectedHeader = { alg: "RS256", kid: "one", ...header };
  return new jose.SignJWT({ ...claims, ...own })
    .setProtectedHeader(protectedHeader)
    .sign(privateKey);
}

describe("is accepted", () => {
  it.each<[string, jose.JWTPayload]>([
    ["from the shared issuer for this client", { iss: SHARED, aud: CLIENT }],
    ["from the shared issuer for this client among others", { iss: SHARED, aud: ["x", CLIENT] }],
    ["from the client's own issuer without an audience", { iss: OURS }],
    ["from the client's own issuer with an audience", { iss: OURS, aud: CLIENT }],
    ["expired within the leeway", { iss: OURS, exp: seconds - 4 }],
  ])("a token %s", async (_name, own) => {
    const { identity } = await verifier.verify(await sign(own));
    expect(identity).toMatchObject({ subject: "user_ann", issuer: own.iss });
  });
});

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("is refused", () => {
  it.each<[string, () => Promise<string> | string]>([
    [
      "unsigned (alg none)",
      () => `${encode({ alg: "none" })}.${encode({ ...claims, iss: OURS })}.`,
    ],
    [
      "unsigned, with a key id",
      () => `${encode({ alg: "none", kid: "one" })}.${encode({ ...claims, iss: OURS })}.`,
    ],
    [
      "signed with the public key as a secret (HS256)",
      () =>
        new jose.SignJWT({ ...claims, iss: OURS })
          .setProtectedHeader({ alg: "HS256", kid: "one" })
          .sign(new TextEncoder().encode(JSON.stringify(jwk))),
    ],
    ["of a wrong issuer", () => sign({ iss: "https://evil.example/", aud: CLIENT })],
    ["of an issuer that begins like WorkOS", () => sign({ iss: "https://api.workos.com.evil/" })],
    ["of another client's issuer", () => sign({ iss: `${OURS}x` })],
    [
      "of another client's issuer for us",
      () => sign({ iss: "https://api.workos.com/user_management/client_theirs", aud: CLIENT }),
    ],
    ["of the shared issuer for another client", () => sign({ iss: SHARED, aud: "client_theirs" })],
    ["of the shared issuer without an audience", () => sign({ iss: SHARED })],
    ["expired by more than the leeway", () => sign({ iss: OURS, exp: seconds - 6 })],
    ["that never expires", () => sign({ iss: OURS, exp: undefined })],
    ["without a key id", () => sign({ iss: OURS }, { kid: undefined })],
    ["with an unknown key id", () => sign({ iss: OURS }, { kid: "two" })],
    ["that names nobody", () => sign({ iss: OURS, sub: undefined })],
  ])("a token %s", async (_name, make) => {
    await expect(verifier.verify(await make())).rejects.toThrow(TokenRefused);
  });
});
