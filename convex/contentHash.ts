import type { MessageReading } from "./validators";

/** JSON with sorted keys and without undefined fields, so that equal content gives equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** base64url SHA-256 of a message's content: equal hashes are the same message, and writing it again does nothing. */
export async function contentHash(message: MessageReading): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalJson(message));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return btoa(String.fromCharCode(...digest))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
