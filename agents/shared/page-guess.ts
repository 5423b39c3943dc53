/** Rules for pages whose elements nobody has described: roles, attributes and test ids by which such pages commonly mark their messages. */
import type { PageRules } from "../agent";

function marked(names: string[]): string {
  return names
    .flatMap((name) => [
      `[data-message-role="${name}" i]`,
      `[data-message-author-role="${name}" i]`,
      `[data-role="${name}" i]`,
      `[data-author="${name}" i]`,
      `[data-sender="${name}" i]`,
      `[data-testid="${name}-message" i]`,
      `[data-testid="message-${name}" i]`,
    ])
    .join(", ");
}

const USER = marked(["user", "human"]);
const ASSISTANT = marked(["assistant", "agent", "ai", "bot"]);

/** The rules, to be used as an agent says. Written 2026-11-21, seen on no page. */
export function guessedPage(use: PageRules["use"]): PageRules {
  return {
    use,
    messages: [`${USER}, ${ASSISTANT}`],
    roles: [
      { role: "user", match: USER },
      { role: "assistant", match: ASSISTANT },
    ],
    ids: ["data-message-id", "data-event-id"],
    strip: ["button", '[role="toolbar"]', ".sr-only"],
    running: ['[aria-busy="true"]', 'button[aria-label*="stop" i]'],
  };
}

/** What of a page shows that it has such messages. */
export const GUESSED_MESSAGES = `${USER}, ${ASSISTANT}`;
