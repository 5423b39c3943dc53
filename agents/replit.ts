import { defineAgent } from "./agent";
import { GUESSED_MESSAGES, guessedPage } from "./shared/page-guess";

/** Read from the page: nothing of its traffic is described. A project is one session. */
export const replit = defineAgent({
  id: "replit",
  name: "Replit",
  kind: "coding",
  origins: ["https://replit.com/*"],
  session(url) {
    const [, owner, project] = /^\/@([\w.-]+)\/([\w.-]+)\/?$/.exec(url.pathname) ?? [];
    return owner && project ? `@${owner}/${project}` : null;
  },
  taps: [],
  shows: GUESSED_MESSAGES,
  page: guessedPage("instead"),
  facts: [
    {
      fields: "messages",
      from: "the page: common attributes and test ids",
      sure: "guess",
      source: "seen nowhere",
      date: "2026-11-21",
    },
  ],
});
