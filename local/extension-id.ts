/** The extension's pinned ids and the OAuth redirect URIs that follow from them, as the browsers compute them. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Path of the redirect URI, as in `identity.getRedirectURL("callback")`. */
const REDIRECT_PATH = "callback";

const { extension } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { extension: { chromeKey: string; geckoId: string } };

/** Public half (base64 SPKI) of the RSA key that pins the Chrome id of unpacked builds. */
export const CHROME_KEY = extension.chromeKey;

/** The add-on id that Firefox knows the extension by. */
export const GECKO_ID = extension.geckoId;

/** Chrome's id: the first 16 bytes of a SHA-256 (of the key's DER, or of an unpacked folder's path), a nibble a letter from a to p. */
export function chromeExtensionId(source: Uint8Array): string {
  const digest = createHash("sha256").update(source).digest("hex");
  return [...digest.slice(0, 32)]
    .map((nibble) => String.fromCharCode(97 + Number.parseInt(nibble, 16)))
    .join("");
}

/** Hosts to which an identity provider may redirect: Chrome's from the key, Firefox's from the SHA-1 of the add-on id. */
export function redirectHosts(): { chrome: string; firefox: string } {
  const firefox = createHash("sha1").update(GECKO_ID).digest("hex");
  return {
    chrome: `${chromeExtensionId(Buffer.from(CHROME_KEY, "base64"))}.chromiumapp.org`,
    firefox: `${firefox}.extensions.allizom.org`,
  };
}

/** Redirect URIs to register in the WorkOS dashboard for unpacked builds. */
export function redirectUris(): { chrome: string; firefox: string } {
  const hosts = redirectHosts();
  return {
    chrome: `https://${hosts.chrome}/${REDIRECT_PATH}`,
    firefox: `https://${hosts.firefox}/${REDIRECT_PATH}`,
  };
}
