/**
 * Every row belongs to one user, and every index of a user's rows starts with that user, so no lookup can reach another's. The few
 * indexes that have to look wider find whom something belongs to (a token's user, a key, a public link, a file), or what belongs to
 * nobody (tombstones); schema.test.ts names them. A prefix of an index serves as an index too: all of a user's sessions are a range of
 * `by_user_updated`.
 */
import { omit } from "convex-helpers";
import { rateLimitTables } from "convex-helpers/server/rateLimit";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { vAmounts, vCounted } from "./model/amounts";
import {
  messageFields,
  organisedFields,
  vErasure,
  vKeyScope,
  vPart,
  vSessionReading,
} from "./validators";

/** Numbers in a vector of `embeddings`; the provider is asked for as many. */
export const EMBEDDING_DIMENSIONS = 1536;

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
  ...organisedFields,
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
    /** Whether the person let the texts go to an embedding provider, for search by meaning. */
    hasSemanticSearch: v.optional(v.boolean()),
    /** Set while the person's data is being erased: every write is refused until then. */
    erasure: v.optional(vErasure),
    /** Unix ms: when all data was last erased; messages from before are refused when they come late. */
    erasedAt: v.optional(v.number()),
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
    /** What its messages are counted with. */
    totals: v.optional(vAmounts),
    /** What it is counted with itself, besides its messages. */
    counted: v.optional(vCounted),
  })
    .index("by_user_agent_key", ["userId", "agent", "key"])
    .index("by_user_key", ["userId", "key"])
    .index("by_user_updated", ["userId", "updatedAt"])
    .index("by_user_agent_updated", ["userId", "agent", "updatedAt"])
    .index("by_user_archived_updated", ["userId", "isArchived", "updatedAt"])
    .index("by_user_archived_agent_updated", ["userId", "isArchived", "agent", "updatedAt"])
    .index("by_user_starred_updated", ["userId", "isStarred", "updatedAt"])
    .index("by_user_eval_updated", ["userId", "isEvalReady", "updatedAt"])
    .searchIndex("search_title", {
      searchField: "title",
      filterFields: ["userId", "agent", "model"],
    }),

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
    /** The session's agent, to search by. */
    agent: v.optional(v.string()),
    /** What it is counted with in `usage`. */
    counted: v.optional(vCounted),
  })
    .index("by_user_session_key", ["userId", "sessionId", "key"])
    .index("by_user_session_position", ["userId", "sessionId", "position"])
    .searchIndex("search_text", {
      searchField: "text",
      filterFields: ["userId", "agent", "role", "model"],
    }),

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

  /** Which sessions carry a tag, in the order in which they were tagged; the same as `sessions.tags`. */
  sessionTags: defineTable({
    userId: v.id("users"),
    sessionId: v.id("sessions"),
    tag: v.string(),
  })
    .index("by_user_tag", ["userId", "tag"])
    .index("by_user_session", ["userId", "sessionId"]),

  /** Sessions that the person never wants captured again. */
  blockedSessions: defineTable({
    userId: v.id("users"),
    agent: v.string(),
    key: v.string(),
  }).index("by_user_agent_key", ["userId", "agent", "key"]),

  /** Public links. Revoking deletes the row, and sharing again makes a new one. */
  shares: defineTable({
    userId: v.id("users"),
    sessionId: v.id("sessions"),
    /** 192 random bits as base64url; who has it can read. */
    slug: v.string(),
    /** What is shown is what was stored when it was shared (`shareChunks`), not what the session is now. */
    isFrozen: v.boolean(),
    /** Unix ms. */
    createdAt: v.number(),
  })
    .index("by_user_session", ["userId", "sessionId"])
    .index("by_slug", ["slug"]),

  /** Pieces of the JSON of a frozen share. */
  shareChunks: defineTable({
    userId: v.id("users"),
    shareId: v.id("shares"),
    index: v.number(),
    text: v.string(),
  }).index("by_user_share", ["userId", "shareId", "index"]),

  /** Accounts that were erased, so that a device that was away cannot bring them back. Nothing here names a person. */
  erasedAccounts: defineTable({
    /** Hex SHA-256 of issuer and subject. */
    hash: v.string(),
    /** Unix ms. */
    erasedAt: v.number(),
  }).index("by_hash", ["hash"]),

  /** What the messages and sessions of one day, agent and model come to. */
  usage: defineTable({
    userId: v.id("users"),
    /** UTC day as YYYY-MM-DD, or "all" for the sum of all days. */
    day: v.string(),
    agent: v.string(),
    model: v.string(),
    /** By quarter of an hour since the day began, so that any time zone's days can be told; of "all" there is only 0. */
    cells: v.array(v.object({ slot: v.number(), amounts: vAmounts })),
  }).index("by_user_day_agent_model", ["userId", "day", "agent", "model"]),

  /** Vectors of messages' texts, only for those who switched on search by meaning. */
  embeddings: defineTable({
    userId: v.id("users"),
    sessionId: v.id("sessions"),
    messageId: v.id("messages"),
    /** The embedding model. */
    model: v.string(),
    vector: v.array(v.float64()),
  })
    .index("by_user_session_message", ["userId", "sessionId", "messageId"])
    .vectorIndex("by_vector", {
      vectorField: "vector",
      dimensions: EMBEDDING_DIMENSIONS,
      filterFields: ["userId"],
    }),

  /** Messages whose text has no vector yet, or another text's. */
  embeddingQueue: defineTable({
    userId: v.id("users"),
    sessionId: v.id("sessions"),
    messageId: v.id("messages"),
  }).index("by_user_session_message", ["userId", "sessionId", "messageId"]),

  /** One row while a user's queue is worked on. */
  embeddingJobs: defineTable({
    userId: v.id("users"),
    /** Unix ms: when the next batch is due. */
    dueAt: v.number(),
    /** Batches that failed since one succeeded. */
    failures: v.number(),
  }).index("by_user", ["userId"]),

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
