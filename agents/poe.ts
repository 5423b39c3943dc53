import { defineAgent } from "./agent";

function sessionOf(url: URL): string | null {
  return /^\/(?:[a-z]{2}(?:-[A-Z]{2})?\/)?chat\/([\w-]{6,})\/?$/.exec(url.pathname)?.[1] ?? null;
}

/**
 * Only the page's elements are read. The traffic names a chat by another id than the page's address, and the updates of all chats come over one
 * WebSocket: what belongs to the chat that is shown cannot be told from it for sure.
 */
export const poe = defineAgent({
  id: "poe",
  name: "Poe",
  kind: "chat",
  origins: ["https://poe.com/*"],
  session: sessionOf,
  taps: [],
  shows: '[class*="MessageBubble"], [class*="Message_row" i]',
  page: {
    use: "instead",
    // Names of CSS modules, of which only the readable part lasts. Seen 2025.
    messages: [
      '[class*="MessageBubble"]:is([class*="leftSide"], [class*="rightSide"])',
      '[class*="Message_row" i]',
    ],
    roles: [
      { role: "user", match: '[class*="rightSide"]' },
      { role: "assistant", match: '[class*="leftSide"]' },
    ],
    body: ['[class^="Markdown_markdownContainer"]'],
    strip: ["button"],
  },
  facts: [
    {
      fields: "messages and roles",
      from: "the page",
      sure: "guess",
      source: "KoriIku/poe-exporter (MIT)",
      date: "2025-06-01",
    },
  ],
});
