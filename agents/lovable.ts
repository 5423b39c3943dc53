import { defineAgent } from "./agent";
import { sessionOn } from "./shared/address";

const USER = '[class*="prose"][class~="whitespace-normal"]';
const ASSISTANT = '[class~="prose-h1:mb-2"]';

/** Read from the page: of its traffic only the address to which a prompt is sent is known, not the form of what answers. */
export const lovable = defineAgent({
  id: "lovable",
  name: "Lovable",
  kind: "coding",
  origins: ["https://lovable.dev/*"],
  session: sessionOn(/^lovable\.dev$/, /^\/projects\/([0-9a-f-]{36})(?:\/|$)/),
  taps: [],
  shows: `${USER}, ${ASSISTANT}`,
  page: {
    use: "instead",
    // Seen 2026-06.
    messages: [`${USER}, ${ASSISTANT}`],
    roles: [
      { role: "assistant", match: ASSISTANT },
      { role: "user", match: USER },
    ],
    ids: ["data-message-id"],
    strip: ["button", ".sr-only"],
    running: ['[aria-busy="true"]', 'button[aria-label*="stop" i]'],
  },
  facts: [
    {
      fields: "messages",
      from: "the page: classes of prompts and answers",
      sure: "good",
      source: "a reader of this page by others, 2026",
      date: "2026-06-30",
    },
  ],
});
