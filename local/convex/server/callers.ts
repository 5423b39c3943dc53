import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Caller, Identity, Json } from "../types.ts";
import { KeysUnreachable, TokenRefused, type TokenVerifier } from "./auth.ts";
import { Refusal } from "./http.ts";

export const NOBODY: Caller = { identity: null, isAdmin: false };

/** Tells who calls: by bearer token, by admin key, or nobody. */
export class Callers {
  readonly #verifier: TokenVerifier;
  readonly #adminKey: Buffer;

  constructor(verifier: TokenVerifier, adminKey: string) {
    this.#verifier = verifier;
    this.#adminKey = digest(adminKey);
  }

  isAdminKey(key: string): boolean {
    return timingSafeEqual(digest(key), this.#adminKey);
  }

  /** The caller of an API request; throws the 401 or 503 that its clients expect. */
  async ofRequest(request: IncomingMessage): Promise<Caller> {
    const [scheme, credential] = authorization(request);
    if (scheme === "") return NOBODY;
    if (scheme === "convex") return this.#admin(credential);
    if (scheme !== "bearer") {
      throw new Refusal(
        401,
        "AuthorizationNotUnderstood",
        'The Authorization header must be "Bearer <token>" or "Convex <admin key>".',
      );
    }
    try {
      const { identity } = await this.#verifier.verify(credential);
      return { identity, isAdmin: false };
    } catch (error) {
      throw refusalFor(error);
    }
  }

  /** The identity behind a request to an HTTP action: null for none and for bearers that are no token of ours, such as API keys. */
  async identityOf(request: IncomingMessage): Promise<Identity> {
    const [scheme, credential] = authorization(request);
    if (scheme !== "bearer") return null;
    try {
      return (await this.#verifier.verify(credential)).identity;
    } catch (error) {
      if (error instanceof TokenRefused) return null;
      throw refusalFor(error);
    }
  }

  requireAdmin(request: IncomingMessage): void {
    const [scheme, credential] = authorization(request);
    if (scheme === "convex" && this.isAdminKey(credential)) return;
    throw wrongAdminKey();
  }

  /** `<admin key>`, or `<admin key>:<base64 of an identity>` to act as someone. */
  #admin(credential: string): Caller {
    const colon = credential.indexOf(":");
    const key = colon < 0 ? credential : credential.slice(0, colon);
    if (!this.isAdminKey(key)) throw wrongAdminKey();
    if (colon < 0) return { identity: null, isAdmin: true };
    const decoded = Buffer.from(credential.slice(colon + 1), "base64").toString("utf8");
    return { identity: actingAs(JSON.parse(decoded) as Json), isAdmin: true };
  }
}

/** The identity that an admin acts as, with what Convex requires of one. */
export function actingAs(claims: Json): Identity {
  const { subject, issuer, ...others } = claims as { [claim: string]: Json };
  if (typeof subject !== "string" || typeof issuer !== "string") {
    throw new Refusal(400, "BadIdentity", "An identity to act as needs a subject and an issuer.");
  }
  return { tokenIdentifier: `${issuer}|${subject}`, ...others, subject, issuer };
}

function authorization(request: IncomingMessage): [scheme: string, credential: string] {
  const header = request.headers.authorization ?? "";
  const space = header.indexOf(" ");
  return space < 0
    ? [header.toLowerCase(), ""]
    : [header.slice(0, space).toLowerCase(), header.slice(space + 1).trim()];
}

function refusalFor(error: unknown): unknown {
  if (error instanceof TokenRefused) return new Refusal(401, "InvalidAuthHeader", error.message);
  if (error instanceof KeysUnreachable) {
    return new Refusal(503, "AuthKeysUnreachable", error.message);
  }
  return error;
}

export function wrongAdminKey(): Refusal {
  return new Refusal(
    401,
    "BadAdminKey",
    "The admin key is not the one of this deployment. Nothing was changed. Set CONVEX_SELF_HOSTED_ADMIN_KEY to the key " +
      "that was printed at the start; it is also in the file admin-key of the data folder.",
  );
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
