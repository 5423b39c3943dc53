import { createAuthkitHost } from "./authkit-host";
import type { AuthkitHost, SaveRotation } from "./host-protocol";
import { connectOffscreenHost } from "./offscreen";

/** The host that this browser has: in Firefox the background is a page itself, in Chrome it is a worker without a DOM. */
export function connectHost(save: SaveRotation): AuthkitHost {
  return import.meta.env.FIREFOX ? createAuthkitHost(save) : connectOffscreenHost(save);
}
