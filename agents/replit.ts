import { defineAgent } from "./agent";
import { sessionOn } from "./shared/address";
import { GUESSED_MESSAGES, guessedPage } from "./shared/page-guess";

/** Read from the page: nothing of its traffic is described. A project is one session. */
export const replit = defineAgent({
  id: "replit",
  name: "Replit",
  kind: "coding",
  origins: ["https://replit.com/*"],
  session: sessionOn(/^replit\.com$/, /^\/(@[\w.-]+\/[\w.-]+)\/?$/),
  taps: [],
  shows: GUESSED_MESSAGES,
  page: guessedPage("instead"),
  facts: [
    {
      fields: "messages",
      from: "the page: common attributes and test ids",
      sure: "guess",
      source: "common practice; the page itself was not seen",
      date: "2026-11-21",
    },
  ],
});
