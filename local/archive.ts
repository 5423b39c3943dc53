import { ConvexClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import type { Authkit } from "./authkit/server.ts";

/** A captured session's header, as far as it is used here. */
export interface ArchivedSession {
  id: string;
  agent: string;
  key: string;
  title?: string;
  messageCount: number;
  /** Unix ms, the site's clock: when the session last changed there. */
  siteUpdatedAt?: number;
  /** Unix ms, the server's clock: when something of it was last stored. */
  updatedAt: number;
}

/** A captured message, as far as it is used here. */
export interface ArchivedMessage {
  key: string;
  role: string;
  state: "partial" | "final";
  parts: { type: string; text?: string; output?: string; input?: string }[];
}

interface PageArguments extends Record<string, unknown> {
  paginationOpts: { numItems: number; cursor: string | null };
}

interface Page<T> {
  page: T[];
  isDone: boolean;
  continueCursor: string;
}

const listSessions = makeFunctionReference<"query", PageArguments, Page<ArchivedSession>>(
  "sessions:list",
);
const listMessages = makeFunctionReference<
  "query",
  PageArguments & { sessionId: string },
  Page<ArchivedMessage>
>("messages:list");

/** One person's archive, read as any program of theirs would: the official client with their access token. */
export class Archive {
  readonly #client: ConvexClient;

  constructor(convexUrl: string, authkit: Authkit, personId: string) {
    this.#client = new ConvexClient(convexUrl, { unsavedChangesWarning: false });
    this.#client.setAuth(() => Promise.resolve(authkit.control.tokenFor(personId)));
  }

  /** Calls back with the newest sessions now and at every change. */
  watch(onChange: (sessions: ArchivedSession[]) => void): void {
    const paginationOpts = { numItems: 50, cursor: null };
    this.#client.onUpdate(listSessions, { paginationOpts }, ({ page }) => onChange(page));
  }

  /** The newest sessions. */
  async sessions(): Promise<ArchivedSession[]> {
    const paginationOpts = { numItems: 50, cursor: null };
    return (await this.#client.query(listSessions, { paginationOpts })).page;
  }

  /** Every message of a session, in order. */
  async messages(sessionId: string): Promise<ArchivedMessage[]> {
    const messages: ArchivedMessage[] = [];
    let cursor: string | null = null;
    for (;;) {
      const paginationOpts: PageArguments["paginationOpts"] = { numItems: 100, cursor };
      const page: Page<ArchivedMessage> = await this.#client.query(listMessages, {
        sessionId,
        paginationOpts,
      });
      messages.push(...page.page);
      if (page.isDone) return messages;
      cursor = page.continueCursor;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
