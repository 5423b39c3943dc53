import { onMessage, sendMessage } from "../utils/messages";
import { isOwnPage } from "../utils/sender";
import { createAuthkitHost } from "./authkit-host";
import type { AuthkitHost, Rotation } from "./host-protocol";

/** Unused for this long, the page closes itself: a kept page would hold the extension's process in memory all day. */
const IDLE_MS = 30_000;

/** The worker may be killed while it saves; asking again starts it anew. */
const SAVE_ATTEMPTS = 3;

/** Serves the host in this page to the background. */
export function serveAuthkitHost(): void {
  const host = createAuthkitHost(save);
  let running = 0;
  let idle = setTimeout(() => window.close(), IDLE_MS);
  onMessage("authkitCall", async ({ data, sender }) => {
    if (!isOwnPage(sender)) throw new Error("Not for this sender.");
    running += 1;
    clearTimeout(idle);
    try {
      const call = host[data.call as keyof AuthkitHost] as (args: unknown) => Promise<unknown>;
      return await call(data.args);
    } finally {
      running -= 1;
      clearTimeout(idle);
      if (running === 0) idle = setTimeout(() => window.close(), IDLE_MS);
    }
  });
}

async function save(rotation: Rotation): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendMessage("authkitEvent", { event: "rotated", payload: rotation });
    } catch (error) {
      if (attempt === SAVE_ATTEMPTS) throw error;
    }
  }
}
