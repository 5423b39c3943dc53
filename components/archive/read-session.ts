import type { ConvexReactClient } from "convex/react";
import type { Part } from "../../agents/agent";
import { api } from "../../convex/_generated/api";
import { partsKey, turnsOf } from "./conversation";
import { convexParts, readParts } from "./read-parts";
import { sessionMarkdown } from "./session-markdown";
import type { Message, Session } from "./types";

const PAGE = 100;

async function readMessages(convex: ConvexReactClient, session: Session): Promise<Message[]> {
  const messages: Message[] = [];
  let cursor: string | null = null;
  for (;;) {
    const result: { page: Message[]; isDone: boolean; continueCursor: string } = await convex.query(
      api.messages.list,
      {
        sessionId: session.id,
        paginationOpts: { numItems: PAGE, cursor },
      },
    );
    messages.push(...result.page);
    if (result.isDone) return messages;
    cursor = result.continueCursor;
  }
}

/** The whole session as Markdown, with messages that the page has not loaded. Throws when one cannot be read. */
export async function readWholeSession(
  convex: ConvexReactClient,
  session: Session,
  agentName: string,
): Promise<string> {
  const messages = await readMessages(convex, session);
  const source = convexParts(convex);
  const loaded = new Map<string, Part[]>();
  for (const message of messages) {
    if (message.large) loaded.set(partsKey(message), await readParts(message, source));
  }
  return sessionMarkdown(session, agentName, turnsOf(messages, loaded));
}
