import * as jose from "jose";
import type { AuthProvider, Identity, Json } from "../types.ts";
import { EngineError } from "../types.ts";
import { isLoopbackHost } from "./http.ts";

/** An issuer that whoever started the backend trusts besides auth.config.ts; on this machine only. */
export interface DevProvider {
  issuer: string;
  jwks: string;
}

/** A verified token: who it names and until when, in Unix seconds. */
export interface VerifiedToken {
  identity: NonNullable<Identity>;
  expires: number;
}

/** The token is not one that this backend accepts. The message may be shown to the person. */
export class TokenRefused extends Error {
  override name = "TokenRefused";
}

/** The token could not be judged because the issuer's keys could not be fetched; it may be fine. */
export class KeysUnreachable extends Error {
  override name = "KeysUnreachable";
}

/** Seconds that the issuer's clock may differ from ours. */
export const CLOCK_TOLERANCE = 5;
const ALGORITHMS = ["RS256", "ES256"];
const REGISTERED_CLAIMS = new Set(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]);

type Provider = Pick<AuthProvider, "issuer" | "jwks" | "applicationID"> & { algorithms: string[] };

/** Verifies bearer tokens against the live auth.config.ts and the starter's own providers. */
export class TokenVerifier {
  readonly #live: () => AuthProvider[];
  readonly #dev: Provider[];
  readonly #now: () => number;
  readonly #keySets = new Map<string, jose.JWTVerifyGetKey>();

  constructor(options: {
    providers: () => AuthProvider[];
    devProviders?: DevProvider[];
    now?: () => number;
  }) {
    this.#live = options.providers;
    this.#dev = (options.devProviders ?? []).map(checkedDevProvider);
    this.#now = options.now ?? Date.now;
  }

  async verify(token: string): Promise<VerifiedToken> {
    const provider = this.#providerOf(token);
    try {
      const { payload } = await jose.jwtVerify(token, this.#keys(provider.jwks), {
        algorithms: provider.algorithms,
        audience: provider.applicationID,
        requiredClaims: ["exp", "sub", "iss"],
        clockTolerance: CLOCK_TOLERANCE,
        currentDate: new Date(this.#now()),
      });
      return { identity: identityOf(payload), expires: payload.exp ?? 0 };
    } catch (error) {
      throw explained(error, provider);
    }
  }

  #providerOf(token: string): Provider {
    let claims: jose.JWTPayload;
    let header: jose.ProtectedHeaderParameters;
    try {
      claims = jose.decodeJwt(token);
      header = jose.decodeProtectedHeader(token);
    } catch {
      throw new TokenRefused("The bearer token is not a JSON Web Token. Sign in again.");
    }
    // Convex looks a key up by its id, also where there is only one.
    if (header.kid === undefined) {
      throw new TokenRefused(
        "The bearer token names no key that it was signed with. Sign in again.",
      );
    }
    const audiences = [claims.aud ?? []].flat();
    const provider = this.#providers().find(
      ({ issuer, applicationID }) =>
        sameIssuer(issuer, claims.iss) &&
        (applicationID === undefined || audiences.includes(applicationID)),
    );
    if (provider !== undefined) return provider;
    throw new TokenRefused(
      `No auth provider of this deployment accepts tokens of issuer "${claims.iss ?? ""}"` +
        ` for audience "${audiences.join(", ")}". Compare WORKOS_CLIENT_ID and convex/auth.config.ts with the client` +
        " that issued the token.",
    );
  }

  #providers(): Provider[] {
    const live = this.#live()
      .filter(({ algorithm }) => ALGORITHMS.includes(algorithm))
      .map((provider) => ({ ...provider, algorithms: [provider.algorithm] }));
    return [...live, ...this.#dev];
  }

  #keys(jwks: string): jose.JWTVerifyGetKey {
    let keys = this.#keySets.get(jwks);
    if (keys === undefined) {
      keys = openKeySet(jwks);
      this.#keySets.set(jwks, keys);
    }
    return keys;
  }
}

function openKeySet(jwks: string): jose.JWTVerifyGetKey {
  if (jwks.startsWith("data:")) {
    return jose.createLocalJWKSet(parseDataUrl(jwks) as unknown as jose.JSONWebKeySet);
  }
  // An unknown key id fetches the set again, but a flood of forged ids at most once a second.
  return jose.createRemoteJWKSet(new URL(jwks), { cooldownDuration: 1000, timeoutDuration: 5000 });
}

function parseDataUrl(url: string): Json {
  const comma = url.indexOf(",");
  const data = url.slice(comma + 1);
  const isBase64 = url.slice(0, comma).endsWith(";base64");
  return JSON.parse(
    isBase64 ? Buffer.from(data, "base64").toString("utf8") : decodeURIComponent(data),
  ) as Json;
}

function sameIssuer(configured: string, claimed: string | undefined): boolean {
  return claimed !== undefined && configured.replace(/\/$/, "") === claimed.replace(/\/$/, "");
}

function checkedDevProvider({ issuer, jwks }: DevProvider): Provider {
  const outside = [issuer, jwks].find(
    (url) => !url.startsWith("data:") && !isLoopbackHost(new URL(url).hostname),
  );
  if (outside !== undefined) {
    throw new EngineError(
      "DevProviderNotLoopback",
      `A provider given at the start must be on this machine, and ${outside} is not. ` +
        "Put other providers into convex/auth.config.ts.",
    );
  }
  return { issuer, jwks, algorithms: ALGORITHMS };
}

/** The identity of a `customJwt` provider: own claims as they are, nested objects flattened to `outer.inner`. */
function identityOf(payload: jose.JWTPayload): NonNullable<Identity> {
  const { iss = "", sub = "" } = payload;
  const claims = Object.entries(payload).filter(([name]) => !REGISTERED_CLAIMS.has(name));
  return {
    ...flatten(claims as [string, Json][], ""),
    tokenIdentifier: `${iss}|${sub}`,
    subject: sub,
    issuer: iss,
  };
}

function flatten(claims: [string, Json][], prefix: string): Record<string, Json> {
  const flat: Record<string, Json> = {};
  for (const [name, value] of claims) {
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      Object.assign(flat, flatten(Object.entries(value), `${prefix}${name}.`));
    } else {
      flat[prefix + name] = value;
    }
  }
  return flat;
}

function explained(error: unknown, provider: Provider): Error {
  if (error instanceof jose.errors.JWTExpired) {
    return new TokenRefused("The bearer token has expired. Ask for a new one, or sign in again.");
  }
  if (error instanceof jose.errors.JWKSTimeout || !(error instanceof jose.errors.JOSEError)) {
    return new KeysUnreachable(unreachable(provider));
  }
  if (error.code === "ERR_JOSE_GENERIC") return new KeysUnreachable(unreachable(provider));
  return new TokenRefused(
    `The bearer token is not valid for issuer "${provider.issuer}" (${error.code}: ${error.message}).`,
  );
}

function unreachable(provider: Provider): string {
  const place = provider.jwks.startsWith("data:") ? "its data: URL" : provider.jwks;
  return `The keys of issuer "${provider.issuer}" could not be read from ${place}. Nothing was stored; try again when it answers.`;
}
