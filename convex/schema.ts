/**
 * Every row belongs to one user, and every index of a user's rows starts with that user, so no lookup can reach another's. Two
 * indexes have to look wider: `users.by_workos_id`, which finds the user, and `files.by_storage`, which tells whether a file is
 * taken. A prefix of an index serves as an index too: all of a user's sessions are a range of `by_user_updated`.
 */
import { omit } from "convex-helpers";
import { rateLimitTables } from "convex-helpers/server/rateLimit";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { vAmounts } from "./model/amounts";
import { vCounted } from "./model/usage";
import { messageFields, vKeyScope, vPart, vSessionReading } from "./validators";

/** A session's header as stored; what the site says of times is kept apart from the server's own. */
export const sessionFields = {
  ...omit(vSessionReading.fields, ["createdAt", "updatedAt"]),
  /** Unix ms, the site's clock. */
  siteCreatedAt: v.optional(v.number()),
  /** Unix ms, the site's clock. */
  siteUpdatedAt: v.optional(v.number()),
  /** Unix ms, the server's clock: when the header or a message was last written. */
  updatedAt: v.number(),
  /** Messages stored for this session. */
  messageCount: v.number(),
};

/** Where the parts lie that do not fit into the message row; `bytes` is the UTF-8 length of their JSON. */
export const vLarge = v.union(
  v.object({ bytes: v.number(), chunkIds: v.array(v.id("messageChunks")) }),
  v.object({ bytes: v.number(), storageId: v.id("_storage") }),
);

export default defineSchema({
  users: defineTable({
    /** Subject of the access token. */
    workosId: v.string(),
    /** Who vouches for the subject (`issuerRealm`): the same subject from another issuer is another person. */
    issuer: v.string(),
    email: v.optional(v.string()),
    name: v.optional(v.string()),
    avatarUrl: v.optional(v.string()),
    /** Ids of the agents that the person switched on. */
    enabledAgents: v.array(v.string()),
    /** Unix ms. */
    createdAt: v.number(),
    /** Unix ms. */
    updatedAt: v.number(),
  }).index("by_workos_id", ["workosId", "issuer"]),

  sessions: defineTable({
    userId: v.id("users"),
    ...sessionFields,
    /** A message came over the sync API before its session and named no agent: the first session that names one sets it. */
    isAgentAssumed: v.optional(v.boolean()),
  })
    .index("by_user_agent_key", ["userId", "agent", "key"])
    .index("by_user_key", ["userId", "key"])
    .index("by_user_updated", ["userId", "updatedAt"])
    .index("by_user_agent_updated", ["userId", "agent", "updatedAt"]),

  messages: defineTable({
    userId: v.id("users"),
    sessionId: v.id("sessions"),
    ...messageFields,
    /** The content hash that the client computed; equal means that there is nothing to write. */
    hash: v.string(),
    /** Empty when `large` is set. */
    parts: v.array(vPart),
    /** `messageText` of the parts. */
    text: v.string(),
    large: v.optional(vLarge),
  })
    .index("by_user_session_key", ["userId", "sessionId", "key"])
    .index("by_user_session_position", ["userId", "sessionId", "position"])
    .searchIndex("search_text", { searchField: "text", filterFields: ["userId"] }),

  /** Pieces of the JSON of a message's parts. Never changed: a new version of the message gets new ones. */
  messageChunks: defineTable({
    userId: v.id("users"),
    sessionId: v.id("sessions"),
    text: v.string(),
  }).index("by_user_session", ["userId", "sessionId"]),

  /** Stored files that belong to a message. A file without a row here belongs to nobody yet. */
  files: defineTable({
    userId: v.id("users"),
    sessionId: v.id("sessions"),
    storageId: v.id("_storage"),
  })
    .index("by_user_session", ["userId", "sessionId"])
    .index("by_storage", ["storageId"]),

  /** Keys for the HTTP API and for MCP. The key itself is nowhere: it is shown once, when it is made. */
  apiKeys: defineTable({
    userId: v.id("users"),
    name: v.string(),
    /** Hex SHA-256 of the key. */
    hash: v.string(),
    /** How the key begins and ends, so that a person can tell it from others. */
    prefix: v.string(),
    lastFour: v.string(),
    scopes: v.array(vKeyScope),
    /** Unix ms. */
    createdAt: v.number(),
    /** Unix ms; never when absent. */
    expiresAt: v.optional(v.number()),
    /** Unix ms, at most 10 minutes behind. */
    lastUsedAt: v.optional(v.number()),
  })
    .index("by_user", ["userId"])
    .index("by_hash", ["hash"]),

  /** Who asked what of the HTTP API, without content; a cron deletes rows after 30 days. */
  accessLogs: defineTable({
    userId: v.id("users"),
    /** The key that was used; absent for a sign-in. */
    keyId: v.optional(v.id("apiKeys")),
    method: v.string(),
    /** The route, never the parameters. */
    path: v.string(),
    status: v.number(),
    durationMs: v.number(),
  }).index("by_user", ["userId"]),

  /** The rate limiter's buckets; `key` is the user's id. */
  ...rateLimitTables,
});
