import { browser } from "../utils/browser";
import { CONSENT_VERSION, NOBODY, type Consent } from "../utils/storage";

/** The agreement that counts now: the signed-in person's own; while nobody is, the one that the first to sign in takes over. */
export function consentOf(
  consents: Record<string, Consent>,
  personId: string | undefined,
): Consent | null {
  const found = consents[personId ?? NOBODY];
  return found && found.version >= CONSENT_VERSION ? found : null;
}

/** Firefox keeps its own record of what an add-on may collect, and asks for it in the click. */
const FIREFOX_DATA = { data_collection: ["websiteContent", "personalCommunications"] };

/**
 * Asks Firefox for its permission to collect page content; true elsewhere. Must be called in the click itself, before
 * any await.
 */
export async function allowDataCollection(): Promise<boolean> {
  if (import.meta.env.BROWSER !== "firefox") return true;
  // webextension-polyfill's types do not know data_collection (Firefox 140).
  const request = browser.permissions.request as (wanted: object) => Promise<boolean>;
  return request(FIREFOX_DATA);
}
