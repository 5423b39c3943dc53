import type { PageStatus } from "../../utils/messages";
import { count } from "../format";
import type { Tone } from "../ui/Badge";

/** A page's state in words: a short state, and a sentence about its messages or what to do. */
export interface PageWords {
  badge: string;
  tone: Tone;
  text: string;
}

type Session = NonNullable<PageStatus["session"]>;

function sessionText({ messages, inConvex, waiting, refused }: Session): string {
  if (messages === 0) return "Nothing of this session is captured yet.";
  if (inConvex === messages) {
    return messages === 1 ? "Its 1 message is in Convex." : `All ${messages} messages in Convex.`;
  }
  const parts = [
    waiting > 0 && `${waiting} of ${count(messages, "message")} waiting`,
    refused > 0 && `${refused} refused by Convex`,
  ].filter(Boolean);
  return parts.length > 0
    ? `${parts.join(", ")}.`
    : `${inConvex} of ${count(messages, "message")} in Convex.`;
}

function onWords(session: Session | null): PageWords {
  if (session === null) {
    return { badge: "On", tone: "accent", text: "Nothing of this page is captured yet." };
  }
  const text = sessionText(session);
  if (session.refused > 0) return { badge: "Refused", tone: "danger", text };
  if (session.waiting > 0) return { badge: "Waiting", tone: "warn", text };
  return { badge: "On", tone: "good", text };
}

/** The words for the active tab. */
export function pageWords(page: PageStatus, isPaused: boolean): PageWords {
  const name = page.agent?.name ?? "";
  switch (page.state) {
    case "no-agent":
      return { badge: "No agent", tone: "neutral", text: "This page is not an agent's." };
    case "off":
      return { badge: "Off", tone: "neutral", text: `${name} is off: this page is not captured.` };
    case "no-permission":
      return {
        badge: "Not allowed",
        tone: "warn",
        text: `The browser has no permission for ${name}: nothing new is captured here.`,
      };
    case "reload-needed":
      return {
        badge: "Reload",
        tone: "warn",
        text: "This page was open before. Reload it, and it is captured from then on.",
      };
    case "on": {
      const words = onWords(page.session);
      return isPaused ? { ...words, badge: "Paused", tone: "warn" } : words;
    }
  }
}
