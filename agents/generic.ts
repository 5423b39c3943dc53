import { defineAgent, type Tap } from "./agent";
import { keyInPath } from "./shared/generic-keys";
import { GENERIC_MESSAGES, genericPage } from "./shared/generic-page";
import { readTurn } from "./shared/generic-turn";

/**
 * Pages of no known agent, where the person switched this on. Any request whose body has the shape of a chat is read with its answer, whatever
 * its address; what the page shows is read where no such request was seen. The names of fields are looked at in the page already, so that no
 * other request of it is kept for a moment.
 */
const CHAT: Pick<Tap, "method" | "path" | "host" | "request" | "read"> = {
  method: "POST",
  path: "^/",
  // A page may ask a model on another host.
  host: ".",
  request: '"messages"\\s*:\\s*\\[|"input"\\s*:\\s*(?:\\[|")|"prompt"\\s*:\\s*"',
  read: readTurn,
};

export const generic = defineAgent({
  id: "generic",
  name: "Any page",
  kind: "any",
  origins: [],
  session: keyInPath,
  shows: GENERIC_MESSAGES,
  taps: [
    { id: "chat", transport: "fetch", ...CHAT },
    { id: "chat-xhr", transport: "xhr", ...CHAT },
  ],
  page: genericPage,
  facts: [
    {
      fields: "messages, reasoning, tool calls and results, files, models, tokens, errors",
      from: "requests with the shape of a chat and their answers: OpenAI chat completions and Responses, Anthropic messages, AI SDK streams",
      sure: "good",
      source: "deep-chat 2.4.2 and assistant-ui 0.15.20, live; the formats' documentation",
      date: "2026-11-21",
    },
    {
      fields: "sessions and branches",
      from: "the name that the page sends, else the page's origin and the first prompt; how sure that is stands in each session",
      sure: "guess",
      source: "what such pages repeat in each request",
      date: "2026-11-21",
    },
    {
      fields: "messages",
      from: "the page's elements, light and shadow, where no such request was seen",
      sure: "guess",
      source: "deep-chat 2.4.2 and assistant-ui 0.15.20, live; common attributes and classes",
      date: "2026-11-21",
    },
  ],
});
