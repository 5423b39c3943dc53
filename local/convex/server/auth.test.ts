import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as jose from "jose";
import { afterEach, describe, expect, it } from "vitest";
import type { AuthProvider } from "../types.ts";
import { KeysUnreachable, TokenRefused, TokenVerifier } from "./auth.ts";

const ISSUER = "https://issuer.example";
const NOW = Date.UTC(2026, 0, 1);
const seconds = NOW / 1000;
const key = await signingKey("one");

async function signingKey(kid: string, alg = "RS256") {
  const { privateKey, publicKey } = await jose.generateKeyPair(alg);
  return { privateKey, jwk: { ...(await jose.exportJWK(publicKey)), kid, alg }, alg };
}

function dataUrl(...jwks: jose.JWK[]): string {
  return `data:application/json,${encodeURIComponent(JSON.stringify({ keys: jwks }))}`;
}

function provider(entries: Partial<AuthProvider> = {}): AuthProvider {
  return {
    type: "customJwt",
    issuer: ISSUER,
    jwks: dataUrl(key.jwk),
    algorithm: "RS256",
    ...entries,
  };
}

function verifier(...providers: AuthProvider[]) {
  return new TokenVerifier({ providers: () => providers, now: () => NOW });
}

function sign(claims: jose.JWTPayload = {}, header: Partial<jose.JWTHeaderParameters> = {}) {
  return new jose.SignJWT({ iss: ISSUER, sub: "ada", iat: seconds, exp: seconds + 60, ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "one", ...header })
    .sign(key.privateKey);
}

describe("a good token", () => {
  it("gives an identity with every own claim, nested ones flattened", async () => {
    const token = await sign({ aud: "x", jti: "1", email: "ada@example.com", org: { id: "o1" } });
    const { identity, expires } = await verifier(provider()).verify(token);
    expect(identity).toEqual({
      tokenIdentifier: `${ISSUER}|ada`,
      subject: "ada",
      issuer: ISSUER,
      email: "ada@example.com",
      "org.id": "o1",
    });
    expect(expires).toBe(seconds + 60);
  });

  it("may name its issuer with a slash more or less", async () => {
    const token = await sign({ iss: `${ISSUER}/` });
    const { identity } = await verifier(provider()).verify(token);
    expect(identity.issuer).toBe(`${ISSUER}/`);
  });

  it("finds the provider whose applicationID is its audience", async () => {
    const other = await signingKey("other");
    const check = verifier(
      provider({ applicationID: "b", jwks: dataUrl(other.jwk) }),
      provider({ applicationID: "a" }),
    );
    await expect(check.verify(await sign({ aud: ["z", "a"] }))).resolves.toBeDefined();
  });

  it("may be five seconds off the clock", async () => {
    const token = await sign({ exp: seconds - 4, nbf: seconds + 4 });
    await expect(verifier(provider()).verify(token)).resolves.toBeDefined();
  });

  it("may be ES256 when its provider says so", async () => {
    const ec = await signingKey("ec", "ES256");
    const token = await new jose.SignJWT({ iss: ISSUER, sub: "ada", exp: seconds + 60 })
      .setProtectedHeader({ alg: "ES256", kid: "ec" })
      .sign(ec.privateKey);
    const check = verifier(provider({ jwks: dataUrl(ec.jwk), algorithm: "ES256" }));
    await expect(check.verify(token)).resolves.toBeDefined();
  });
});

describe("a bad token", () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = encode({ iss: ISSUER, sub: "ada", exp: seconds + 60 });

  const forged: Record<string, () => Promise<string> | string> = {
    "is not a token": () => "osk_123",
    "is unsigned (alg none)": () => `${encode({ alg: "none" })}.${body}.`,
    "is signed with the public key as a secret (HS256)": () =>
      new jose.SignJWT({ iss: ISSUER, sub: "ada", exp: seconds + 60 })
        .setProtectedHeader({ alg: "HS256", kid: "one" })
        .sign(new TextEncoder().encode(JSON.stringify(key.jwk))),
    "is signed by another key under the same id": async () => {
      const other = await signingKey("one");
      return new jose.SignJWT({ iss: ISSUER, sub: "ada", exp: seconds + 60 })
        .setProtectedHeader({ alg: "RS256", kid: "one" })
        .sign(other.privateKey);
    },
    "was changed after signing": async () => {
      const [header, , signature] = (await sign()).split(".");
      return `${header}.${encode({ iss: ISSUER, sub: "grace", exp: seconds + 60 })}.${signature}`;
    },
    "comes from another issuer": () => sign({ iss: "https://evil.example" }),
    "names an issuer that only begins like ours": () => sign({ iss: `${ISSUER}.evil.example` }),
    "has no issuer": () => sign({ iss: undefined }),
    "has no subject": () => sign({ sub: undefined }),
    "never expires": () => sign({ exp: undefined }),
    "expired six seconds ago": () => sign({ exp: seconds - 6 }),
    "is valid in six seconds": () => sign({ nbf: seconds + 6 }),
    "has an unknown key id": () => sign({}, { kid: "two" }),
  };

  it.each(Object.entries(forged))("is refused when it %s", async (_name, make) => {
    await expect(verifier(provider()).verify(await make())).rejects.toThrow(TokenRefused);
  });

  it("is refused when its audience is not the applicationID", async () => {
    const check = verifier(provider({ applicationID: "ours" }));
    await expect(check.verify(await sign({ aud: "theirs" }))).rejects.toThrow(/"theirs"/);
    await expect(check.verify(await sign())).rejects.toThrow(TokenRefused);
  });

  it("is refused when it names no key, also where there is only one", async () => {
    const second = await signingKey("two");
    for (const keys of [[key.jwk], [key.jwk, second.jwk]]) {
      const check = verifier(provider({ jwks: dataUrl(...keys) }));
      await expect(check.verify(await sign({}, { kid: undefined }))).rejects.toThrow(TokenRefused);
    }
  });

  it("is refused when its provider's algorithm is not one of Convex's", async () => {
    const check = verifier(provider({ algorithm: "HS256" }));
    await expect(check.verify(await sign())).rejects.toThrow(TokenRefused);
  });
});

describe("keys over HTTP", () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  async function serveKeys(keys: jose.JWK[]) {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end(JSON.stringify({ keys }));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    closers.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    return { jwks: `http://127.0.0.1:${port}/jwks`, requests: () => requests };
  }

  it("are fetched once", async () => {
    const { jwks, requests } = await serveKeys([key.jwk]);
    const check = verifier(provider({ jwks }));
    await check.verify(await sign());
    await check.verify(await sign({ sub: "grace" }));
    expect(requests()).toBe(1);
  });

  it("are fetched again when a token names a new one", async () => {
    const keys = [(await signingKey("old")).jwk];
    const { jwks } = await serveKeys(keys);
    const check = verifier(provider({ jwks }));
    await expect(check.verify(await sign())).rejects.toThrow(TokenRefused);
    keys.push(key.jwk);
    await expect
      .poll(async () => check.verify(await sign()).catch(() => null), { timeout: 5000 })
      .not.toBeNull();
  });

  it("that cannot be read do not condemn the token", async () => {
    const check = verifier(provider({ jwks: "http://127.0.0.1:9/jwks" }));
    await expect(check.verify(await sign())).rejects.toThrow(KeysUnreachable);
  });
});

describe("a provider given at the start", () => {
  it("is accepted when it is on this machine", async () => {
    const check = new TokenVerifier({
      providers: () => [],
      devProviders: [{ issuer: "http://localhost:4000", jwks: dataUrl(key.jwk) }],
      now: () => NOW,
    });
    const token = await sign({ iss: "http://localhost:4000" });
    await expect(check.verify(token)).resolves.toBeDefined();
  });

  it.each([
    { issuer: ISSUER, jwks: dataUrl(key.jwk) },
    { issuer: "http://localhost:4000", jwks: "https://issuer.example/jwks" },
    { issuer: "http://localhost.evil.example", jwks: dataUrl(key.jwk) },
  ])("is refused elsewhere: $issuer $jwks", (devProvider) => {
    const start = () => new TokenVerifier({ providers: () => [], devProviders: [devProvider] });
    expect(start).toThrow(/on this machine/);
  });
});
