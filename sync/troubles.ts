/** What can go wrong on the way to Convex, in words for people: what happened, what it means for the data, what to do next. */
import type { Trouble } from "../utils/errors";

type Words = Pick<Trouble, "message" | "next">;
type Code = Trouble["code"];

const words = {
  "sign-in-needed": {
    message: "You are signed out, so what was captured waits in this browser.",
    next: "Sign in as the same person, and it goes to Convex.",
  },
  "deployment-missing": {
    message: "No Convex deployment is set, so what was captured waits in this browser.",
    next: "Enter the URL of your deployment in the options.",
  },
  "deployment-invalid": {
    message:
      "What answers at the deployment URL is not Convex, so what was captured waits in this browser.",
    next: "Check the URL in the options: it is the one that `npx convex dev` prints, and on Convex Cloud it ends in .convex.cloud. On a network with a login page, log in there first.",
  },
  "deployment-unreachable": {
    message:
      "The Convex deployment cannot be reached, so what was captured waits in this browser and is tried again by itself.",
    next: "Check the network, that the deployment runs, and its URL in the options.",
  },
  "deployment-outdated": {
    message:
      "The Convex deployment lacks functions that this extension needs, so what was captured waits in this browser.",
    next: "Deploy this version's convex/ folder to it with `npx convex deploy`, then retry.",
  },
  "token-refused": {
    message:
      "Convex does not accept your sign-in, so what was captured waits in this browser and is tried again by itself.",
    next: "Check that WORKOS_CLIENT_ID on the deployment is the client id in the options, and that this machine's clock is right; then sign out and in again.",
  },
  "rate-limited": {
    message:
      "Convex asked to slow down, so what was captured waits in this browser and goes on by itself.",
    next: "Nothing to do; retry later if it lasts.",
  },
  "sign-in-unreachable": {
    message:
      "Your sign-in could not be renewed because WorkOS cannot be reached; what was captured waits in this browser and is tried again by itself.",
    next: "Check the network; nothing is lost.",
  },
  "permission-missing": {
    message:
      "The browser no longer lets the extension read this agent's pages, so nothing new of it is captured; what was captured is kept.",
    next: "Switch the agent off and on again in the options to grant the permission.",
  },
  "storage-full": {
    message:
      "The browser has no room left, so capture is paused; what was captured before is kept and goes on to Convex.",
    next: "Free disk space; capture resumes by itself.",
  },
  "agent-unreadable": {
    message: "This agent's pages could not be read, so nothing new of it is captured.",
    next: "Reload the page; if it stays, the agent has changed and the extension needs an update.",
  },
  unexpected: {
    message:
      "Convex answered with an error, so what was captured waits in this browser and is tried again by itself.",
    next: "See the deployment's logs if it stays; nothing is lost.",
  },
} satisfies Partial<Record<Code, Words>>;

/** A trouble in its standard words, or in the given ones where more is known. */
export function trouble(code: keyof typeof words, at: number, better?: Partial<Words>): Trouble {
  return { code, ...words[code], ...better, at };
}
