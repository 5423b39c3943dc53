import { oauthError } from "./failures.ts";
import type { Shim } from "./shim.ts";

/**
 * Answers `/user_management/authenticate`. The vendor's emulator begins a new sign-in at every refresh; AuthKit keeps
 * one (`sid`) from sign-in to sign-out, so a refreshed token is put back under the sign-in that it came from.
 */
export async function authenticate(shim: Shim, request: Request): Promise<Response> {
  const text = await request.text();
  const body = parse(text);
  if (!body) return oauthError(400, "invalid_request", "The body must be a JSON object.");
  if (body.client_id !== shim.clientId) {
    return oauthError(400, "invalid_client", "Invalid client ID.");
  }
  const { sessions, refreshTokens } = shim.emulator.store;
  const presented =
    body.grant_type === "refresh_token" && typeof body.refresh_token === "string"
      ? refreshTokens.findOneBy("token", body.refresh_token)
      : undefined;
  const signInId = presented?.session_id;
  const response = await shim.emulator.fetch(
    new Request(request.url, { method: "POST", headers: request.headers, body: text }),
  );
  if (!response.ok || signInId === undefined) return asOauth(response);
  const granted = (await response.json()) as Record<string, unknown>;
  const token = refreshTokens.findOneBy("token", String(granted.refresh_token));
  if (token) {
    sessions.delete(token.session_id);
    refreshTokens.update(token.id, { session_id: signInId });
  }
  granted.access_token = shim.emulator.signer.sign({
    ...claimsOf(String(granted.access_token)),
    sid: signInId,
  });
  return Response.json(granted, { headers: { "access-control-allow-origin": "*" } });
}

/** Gives a refusal of the vendor's OAuth's fields beside its own; everything else passes unchanged. */
export async function asOauth(response: Response): Promise<Response> {
  if (response.ok || !response.headers.get("content-type")?.includes("json")) return response;
  const { code, message, ...rest } = (await response.json()) as Record<string, unknown>;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return Response.json(
    { error: code, error_description: message, code, message, ...rest },
    { status: response.status, headers },
  );
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const body = JSON.parse(text) as unknown;
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function claimsOf(accessToken: string): Record<string, unknown> {
  const payload = Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString();
  return JSON.parse(payload) as Record<string, unknown>;
}
