/** What of a session becomes public: an allow-list. A field that is not named here is not public, whatever is added to the tables. */
import { type Infer, v } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { utf8Length } from "../utf8";
import { type Part, vRole } from "../validators";
import { hideSecrets } from "./secrets";

/** UTF-8 bytes of messages (as JSON) that one page shows; the rest of a longer session is left out, and the page says so. */
export const MAX_PUBLIC_BYTES = 4 * 1024 * 1024;

const vPublicPart = v.union(
  v.object({ type: v.literal("text"), text: v.string() }),
  v.object({ type: v.literal("reasoning"), text: v.string() }),
  v.object({
    type: v.literal("tool-call"),
    toolName: v.string(),
    title: v.optional(v.string()),
    input: v.string(),
  }),
  v.object({
    type: v.literal("tool-result"),
    output: v.string(),
    isError: v.optional(v.boolean()),
  }),
  v.object({
    type: v.literal("file"),
    name: v.optional(v.string()),
    mediaType: v.optional(v.string()),
  }),
  v.object({ type: v.literal("source"), url: v.string(), title: v.optional(v.string()) }),
);

/** A public session, as its page and `/s/<slug>.json` show it and as `shares.preview` gives it beforehand. */
export const vPublicSession = v.object({
  title: v.string(),
  agent: v.string(),
  model: v.optional(v.string()),
  /** Unix ms. */
  createdAt: v.optional(v.number()),
  /** Unix ms. */
  updatedAt: v.optional(v.number()),
  /** False: the session is longer than a page shows, and ends earlier here. */
  isWhole: v.boolean(),
  messages: v.array(
    v.object({
      role: vRole,
      model: v.optional(v.string()),
      /** Unix ms. */
      createdAt: v.optional(v.number()),
      /** False: only the beginning of a very large message. */
      isWhole: v.boolean(),
      parts: v.array(vPublicPart),
    }),
  ),
});

export type PublicSession = Infer<typeof vPublicSession>;
export type PublicPart = Infer<typeof vPublicPart>;
type PublicMessage = PublicSession["messages"][number];

/** Characters that turn text around or hide in it. */
const DECEIVING = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

function publicName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : hideSecrets(name.split(/[/\\]/).at(-1) ?? "");
}

function publicPart(part: Part): PublicPart[] {
  switch (part.type) {
    case "text":
    case "reasoning":
      return [{ type: part.type, text: hideSecrets(part.text) }];
    case "tool-call": {
      const { type, toolName, title, input } = part;
      const said = title === undefined ? undefined : hideSecrets(title);
      return [{ type, toolName: hideSecrets(toolName), title: said, input: hideSecrets(input) }];
    }
    case "tool-result":
      return [{ type: part.type, output: hideSecrets(part.output), isError: part.isError }];
    case "file":
      return [{ type: part.type, name: publicName(part.name), mediaType: part.mediaType }];
    case "source": {
      const title = part.title === undefined ? undefined : hideSecrets(part.title);
      return [{ type: part.type, url: hideSecrets(part.url), title }];
    }
    case "unknown":
      return [];
  }
}

/** All parts but those in a file, which a query cannot read: then the text that is kept of them. */
async function readParts(
  ctx: QueryCtx,
  message: Doc<"messages">,
): Promise<{ parts: Part[]; isWhole: boolean }> {
  const { large } = message;
  if (large === undefined) return { parts: message.parts, isWhole: true };
  if ("storageId" in large) {
    return { parts: [{ type: "text", text: message.text }], isWhole: false };
  }
  const chunks = await Promise.all(large.chunkIds.map((id) => ctx.db.get("messageChunks", id)));
  const json = chunks.map((chunk) => chunk?.text ?? "").join("");
  return { parts: JSON.parse(json) as Part[], isWhole: true };
}

async function publicMessage(ctx: QueryCtx, message: Doc<"messages">): Promise<PublicMessage> {
  const { parts, isWhole } = await readParts(ctx, message);
  const { role, model, createdAt } = message;
  return { role, model, createdAt, isWhole, parts: parts.flatMap(publicPart) };
}

/** What everybody with the link sees of a session. */
export async function publicSession(
  ctx: QueryCtx,
  session: Doc<"sessions">,
): Promise<PublicSession> {
  const messages: PublicMessage[] = [];
  let bytes = 0;
  const rows = ctx.db
    .query("messages")
    .withIndex("by_user_session_position", (q) =>
      q.eq("userId", session.userId).eq("sessionId", session._id),
    );
  for await (const row of rows) {
    const message = await publicMessage(ctx, row);
    bytes += utf8Length(JSON.stringify(message));
    if (bytes > MAX_PUBLIC_BYTES) break;
    if (message.parts.length > 0) messages.push(message);
  }
  return {
    title:
      hideSecrets(session.title ?? "")
        .replace(DECEIVING, " ")
        .trim() || "Untitled",
    agent: session.agent,
    model: session.model,
    createdAt: session.siteCreatedAt,
    updatedAt: session.siteUpdatedAt,
    isWhole: bytes <= MAX_PUBLIC_BYTES,
    messages,
  };
}
