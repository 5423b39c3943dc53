/** How pages of no known agent mark their messages: common attributes, classes that say a role, and two libraries that many pages are built with. */
import type { PageRules } from "../agent";
import { GUESSED_MESSAGES, guessedPage } from "./page-guess";

const GUESSED = guessedPage("fallback");

/** deep-chat 2.4.2, in an open shadow root (2026-11-21). */
const DEEP_CHAT = ".outer-message-container";

function classed(names: string[]): string {
  return names
    .flatMap((name) => [`${name}-message`, `message-${name}`, `chat-message-${name}`])
    .map((name) => `[class~="${name}" i]`)
    .join(", ");
}

/** Classes that say a role (2026-11-21, seen on no particular page), and assistant-ui's own components (0.15.20, 2026-11-21). */
const USER = `${classed(["user", "human"])}, [class~="aui-user-message-root"]`;
const ASSISTANT = `${classed(["assistant", "agent", "ai", "bot"])}, [class~="aui-assistant-message-root"]`;

/** The rules: what names a role for machines first, classes last. */
export const genericPage: PageRules = {
  ...GUESSED,
  messages: [...GUESSED.messages, DEEP_CHAT, `${USER}, ${ASSISTANT}`],
  roles: [
    ...GUESSED.roles,
    { role: "user", match: '[class*="deep-chat-outer-container-role-user"]' },
    { role: "assistant", match: '[class*="deep-chat-outer-container-role-"]' },
    { role: "user", match: USER },
    { role: "assistant", match: ASSISTANT },
  ],
  // Where there is none, the whole message is.
  body: [".message-bubble"],
  strip: ["button", '[role="toolbar"]', ".sr-only", "time"],
  // No common sign tells that an answer is being written: what stood still for a while is read.
  running: undefined,
};

/** What shows that a page has such messages; a widget in a shadow root by its own element. */
export const GENERIC_MESSAGES = `${GUESSED_MESSAGES}, ${USER}, ${ASSISTANT}, ${DEEP_CHAT}`;
