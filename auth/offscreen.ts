/**
 * Chrome's way to the host: an offscreen page, made on demand, one at a time, made again when it is gone. It holds nothing that the sealed
 * store does not have, so losing it at any moment costs one refresh.
 */
import { browser } from "../utils/browser";
import { onMessage, sendMessage } from "../utils/messages";
import { isOwnPage } from "../utils/sender";
import type { AuthkitHost, Rotation, SaveRotation } from "./host-protocol";

const PAGE = "authkit.html";

/** Chrome's API, which the polyfill passes through but does not describe. */
interface OffscreenApi {
  createDocument(options: { url: string; reasons: string[]; justification: string }): Promise<void>;
}

/** Connects to the host in the offscreen page. `save` stores what it rotates. */
export function connectOffscreenHost(save: SaveRotation): AuthkitHost {
  onMessage("authkitEvent", async ({ data, sender }) => {
    if (!isOwnPage(sender) || data.event !== "rotated") throw new Error("Not for this sender.");
    await save(data.payload as Rotation);
  });
  const call = (name: keyof AuthkitHost) => (args: unknown) => callPage(name, args);
  return {
    begin: call("begin"),
    exchange: call("exchange"),
    token: call("token"),
    forget: call("forget"),
  } as AuthkitHost;
}

async function callPage(name: keyof AuthkitHost, args: unknown): Promise<unknown> {
  await ensurePage();
  try {
    return await sendMessage("authkitCall", { target: "authkit", call: name, args });
  } catch (error) {
    // The page may close between the look and the call. A code can be exchanged once only; all else may be asked again.
    if (name === "exchange" || (await hasPage())) throw error;
    await ensurePage();
    return await sendMessage("authkitCall", { target: "authkit", call: name, args });
  }
}

let creating: Promise<void> | null = null;

async function ensurePage(): Promise<void> {
  creating ??= createPage().finally(() => (creating = null));
  await creating;
}

async function createPage(): Promise<void> {
  if (await hasPage()) return;
  const { offscreen } = browser as unknown as { offscreen: OffscreenApi };
  await offscreen.createDocument({
    url: PAGE,
    reasons: ["LOCAL_STORAGE"],
    justification: "WorkOS's sign-in library needs a page with localStorage.",
  });
}

async function hasPage(): Promise<boolean> {
  const { getContexts } = browser.runtime as unknown as {
    getContexts(filter: { contextTypes: string[] }): Promise<unknown[]>;
  };
  return (await getContexts({ contextTypes: ["OFFSCREEN_DOCUMENT"] })).length > 0;
}
