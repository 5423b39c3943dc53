import type { AuthkitHost, SaveRotation } from "./host-protocol";
import { connectOffscreenHost } from "./offscreen";

/** The host that this browser has: in Firefox the background is a page itself, in Chrome it is a worker without a DOM. */
export function connectHost(save: SaveRotation): AuthkitHost {
  return import.meta.env.FIREFOX ? connectOwnPage(save) : connectOffscreenHost(save);
}

/** Loads the SDK at the first call, so that Chrome's worker carries none of it. */
function connectOwnPage(save: SaveRotation): AuthkitHost {
  let loading: Promise<AuthkitHost> | null = null;
  const load = (): Promise<AuthkitHost> => {
    loading ??= import("./authkit-host").then(({ createAuthkitHost }) => createAuthkitHost(save));
    return loading;
  };
  return {
    begin: async (args) => await (await load()).begin(args),
    exchange: async (args) => await (await load()).exchange(args),
    token: async (args) => await (await load()).token(args),
    forget: async (args) => await (await load()).forget(args),
  };
}
