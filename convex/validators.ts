/**
 * The shapes of a captured session. One schema guards every boundary: the readers' output, the background's outbox, the
 * arguments of `sessions.record` and the rows in Convex.
 */
import { type Infer, v } from "convex/values";

/** Most messages in one `sessions.record` call: keeps a mutation well inside Convex's limits of ranges, bytes and CPU time. */
export const MAX_MESSAGES_PER_RECORD = 100;

/** UTF-8 bytes of a message's parts (as JSON) up to which they lie in the message row itself. */
export const MAX_INLINE_BYTES = 64 * 1024;

/** UTF-8 bytes of parts (as JSON) beyond which they go to file storage; between the two they lie in `messageChunks`. */
export const MAX_CHUNKED_BYTES = 1024 * 1024;

/** Largest file of parts that a message may name, in bytes: a reader has to hold it in memory. */
export const MAX_UPLOAD_BYTES = 64 * 1024 * 1024;

/** Most UTF-8 bytes of parts (as JSON) in one `sessions.record` call, uploaded files not counted. */
export const MAX_BYTES_PER_RECORD = 4 * 1024 * 1024;

/** UTF-8 bytes of a message's text that are searchable and shown in lists (`messageText`). */
export const MAX_TEXT_BYTES = 32 * 1024;

/** Longest key of a session or a message, in UTF-16 units. */
export const MAX_KEY_LENGTH = 512;

export const vRole = v.union(
  v.literal("user"),
  v.literal("assistant"),
  v.literal("system"),
  v.literal("tool"),
  v.literal("unknown"),
);

/** `partial`: the turn was still running when it was read. A `final` reading replaces it, never the reverse. */
export const vMessageState = v.union(v.literal("partial"), v.literal("final"));

const times = {
  /** Unix ms. */
  startedAt: v.optional(v.number()),
  /** Unix ms. */
  endedAt: v.optional(v.number()),
};

export const vPart = v.union(
  v.object({ type: v.literal("text"), text: v.string(), ...times }),
  v.object({ type: v.literal("reasoning"), text: v.string(), ...times }),
  v.object({
    type: v.literal("tool-call"),
    toolCallId: v.string(),
    toolName: v.string(),
    /** Arguments as JSON text: real ones hold keys that Convex refuses (`$ref`, non-ASCII). */
    input: v.string(),
    /** What the agent's page calls this call, for example a shell command's description. */
    title: v.optional(v.string()),
    /** Session key of the sub-agent that this call started. */
    childKey: v.optional(v.string()),
    ...times,
  }),
  v.object({
    type: v.literal("tool-result"),
    toolCallId: v.string(),
    output: v.string(),
    isError: v.optional(v.boolean()),
    /** What else the agent says of the result (exit code, diff), as JSON text. */
    metadata: v.optional(v.string()),
    ...times,
  }),
  v.object({
    type: v.literal("file"),
    name: v.optional(v.string()),
    mediaType: v.optional(v.string()),
    /** Only lasting, public references; signed URLs are dropped by the reader. */
    url: v.optional(v.string()),
    /** Bytes. */
    size: v.optional(v.number()),
  }),
  /** A page that the message cites or was written from. */
  v.object({
    type: v.literal("source"),
    url: v.string(),
    title: v.optional(v.string()),
    /** What the agent quotes of it. */
    snippet: v.optional(v.string()),
  }),
  /** A kind that the reader does not know yet: kept, so that nothing is lost. `json` is its raw JSON, capped by the reader. */
  v.object({ type: v.literal("unknown"), kind: v.string(), json: v.string() }),
);

/** Token counts as the agent gives them; estimates are made where they are counted (model/usage), and kept apart. */
export const vTokens = v.object({
  input: v.optional(v.number()),
  output: v.optional(v.number()),
  reasoning: v.optional(v.number()),
  cacheRead: v.optional(v.number()),
  cacheWrite: v.optional(v.number()),
  total: v.optional(v.number()),
});

/** What a message is besides its parts: the same in readings, on the wire and in the table. */
export const messageFields = {
  /** The site's own id of the message. */
  key: v.string(),
  /** Key of the message that this one answers or follows; the session is a tree. */
  parentKey: v.optional(v.string()),
  role: vRole,
  /** Order among the session's messages as the site gives them; rises along every branch. */
  position: v.number(),
  state: vMessageState,
  model: v.optional(v.string()),
  provider: v.optional(v.string()),
  tokens: v.optional(vTokens),
  /** US dollars. */
  cost: v.optional(v.number()),
  /** Unix ms, the site's clock. */
  createdAt: v.optional(v.number()),
  /** Unix ms, the site's clock. */
  completedAt: v.optional(v.number()),
  /** Why the turn ended, in the site's word (`stop`, `tool-calls`, ...). */
  finish: v.optional(v.string()),
  error: v.optional(v.object({ name: v.string(), message: v.string() })),
};

/** A message as a reader gives it. */
export const vMessageReading = v.object({ ...messageFields, parts: v.array(vPart) });

/**
 * A message on its way to Convex: the reading plus its content hash (`contentHash`). Beyond MAX_CHUNKED_BYTES `parts` is empty and
 * `upload` names the stored file that holds the parts as JSON.
 */
export const vMessage = v.object({
  ...messageFields,
  parts: v.array(vPart),
  /** base64url SHA-256 over the canonical JSON of the message without `hash` and `upload`. */
  hash: v.string(),
  upload: v.optional(
    v.object({
      storageId: v.id("_storage"),
      /** UTF-8 bytes of the file. */
      bytes: v.number(),
      /** First 32 KB of the message's text, for search and for lists. */
      preview: v.string(),
    }),
  ),
});

/** A session's header as a reader gives it; absent fields are unknown and blank nothing. */
export const vSessionReading = v.object({
  /** Agent id, equal to its file name in `agents/`. */
  agent: v.string(),
  /** The site's own id of the session. */
  key: v.string(),
  title: v.optional(v.string()),
  /** Page on which a person opens the session. */
  url: v.optional(v.string()),
  /** Key of the session that started this one (sub-agents). */
  parentKey: v.optional(v.string()),
  /** Key of the message at the end of the branch that the page shows. */
  activeLeafKey: v.optional(v.string()),
  /** Account or workspace on the site, as the site names or numbers it. */
  account: v.optional(v.string()),
  /** 0 to 1: how sure a reader that guesses is; absent where the agent's format is known. */
  certainty: v.optional(v.number()),
  projectPath: v.optional(v.string()),
  projectName: v.optional(v.string()),
  model: v.optional(v.string()),
  provider: v.optional(v.string()),
  tokens: v.optional(vTokens),
  /** US dollars. */
  cost: v.optional(v.number()),
  /** How long the agent worked, where it says so. */
  durationMs: v.optional(v.number()),
  /** Unix ms, the site's clock. */
  createdAt: v.optional(v.number()),
  /** Unix ms, the site's clock. */
  updatedAt: v.optional(v.number()),
});

/** What became of one message: `older` means that what is stored is final and this was partial. */
export const vRecordResult = v.object({
  key: v.string(),
  outcome: v.union(
    v.literal("stored"),
    v.literal("same"),
    v.literal("older"),
    v.literal("refused"),
  ),
  /** For people, set when refused. */
  reason: v.optional(v.string()),
});

export const vEvalStatus = v.union(
  v.literal("golden"),
  v.literal("correct"),
  v.literal("incorrect"),
  v.literal("needs-review"),
);

/** What a person says of a session; no capture ever changes it. */
export const organisedFields = {
  /** The title is the person's own: the site's later ones do not replace it. */
  isRenamed: v.optional(v.boolean()),
  isStarred: v.optional(v.boolean()),
  isArchived: v.optional(v.boolean()),
  tags: v.optional(v.array(v.string())),
  /** Belongs into the exports for evaluations. */
  isEvalReady: v.optional(v.boolean()),
  evalStatus: v.optional(vEvalStatus),
  evalNotes: v.optional(v.string()),
  evalTags: v.optional(v.array(v.string())),
  expectedOutput: v.optional(v.string()),
};

/** How far the erasing of a person's data is. */
export const vErasure = v.object({
  /** `account`: the user goes too, and the identity provider's user where the deployment can. */
  scope: v.union(v.literal("data"), v.literal("account")),
  /** Unix ms. */
  startedAt: v.number(),
  /** Rows deleted so far. */
  deleted: v.number(),
  /** What keeps it from finishing, for people; it is tried again. */
  problem: v.optional(v.string()),
});

/** What an API key may do. */
export const vKeyScope = v.union(v.literal("read"), v.literal("write"));

export type KeyScope = Infer<typeof vKeyScope>;
export type Role = Infer<typeof vRole>;
export type EvalStatus = Infer<typeof vEvalStatus>;
export type Part = Infer<typeof vPart>;
export type Tokens = Infer<typeof vTokens>;
export type MessageReading = Infer<typeof vMessageReading>;
export type Message = Infer<typeof vMessage>;
export type SessionReading = Infer<typeof vSessionReading>;
export type RecordResult = Infer<typeof vRecordResult>;
