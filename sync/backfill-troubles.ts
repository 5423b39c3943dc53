/** Why a backfill has paused, in words for people. */
import type { Trouble } from "../utils/errors";
import { trouble } from "./troubles";

const words = {
  restarted: {
    message:
      "The browser or the extension was restarted meanwhile; what was fetched before is kept.",
    next: "Continue when you like: it goes on where it was.",
  },
  "signed-out": {
    message:
      "You are signed out or have not agreed, so nothing more is fetched; what was fetched before is kept.",
    next: "Sign in as the same person, then continue.",
  },
  "capture-paused": {
    message: "Capture is paused, so nothing more is fetched; what was fetched before is kept.",
    next: "Switch the pause off, then continue.",
  },
  "agent-off": {
    message:
      "This agent is switched off, so nothing more is fetched; what was fetched before is kept.",
    next: "Switch it on in the options, then continue.",
  },
  denied: {
    message: "The site does not show your sessions now; what was fetched before is kept.",
    next: "Open the site, sign in there, then continue.",
  },
  silent: {
    message:
      "The site's page does not answer or could not be asked; what was fetched before is kept.",
    next: "Open the site in a tab, sign in there, open one of your sessions, then continue.",
  },
  closed: {
    message: "The tab that was opened for fetching was closed; what was fetched before is kept.",
    next: "Continue to open another, or open the site yourself first.",
  },
  failing: {
    message: "The site answers with errors again and again; what was fetched before is kept.",
    next: "Continue later.",
  },
  changed: {
    message:
      "The site's answers have another form than this extension knows, so fetching has paused; what was fetched before is kept.",
    next: "Look for an update of OpenSync Companion; if there is none, report this line.",
  },
  "storage-full": {
    message:
      "The browser would not store what was fetched, so fetching has paused; what was stored before is safe.",
    next: "Free disk space, then continue.",
  },
  broken: {
    message: "The browser could not read how far it was; what was fetched before is kept.",
    next: "Restart the browser, then continue.",
  },
} satisfies Record<string, Pick<Trouble, "message" | "next">>;

/** Why a backfill does not go on by itself. */
export type PauseReason = keyof typeof words;

/** A reason in words. */
export function pauseTrouble(reason: PauseReason, at: number): Trouble {
  return { code: "backfill-paused", ...words[reason], at };
}

/** No permission for any page of the agent: it cannot begin. */
export function notPermitted(at: number): Trouble {
  return trouble("permission-missing", at, {
    message:
      "The browser does not let the extension read any page of this agent, so nothing can be fetched.",
  });
}
