/** The tools that MCP offers: an agent looks up what its owner worked out with any other agent. */
import { type GenericValidator, type Infer, v, type VObject } from "convex/values";
import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import { vContextItem } from "../model/context";
import { vMessageHit } from "../model/search";
import { vSessionRow } from "../model/wireRows";
import { vRole } from "../validators";
import { listSessions, readSession, vShownMessage } from "./archive";
import { contextOf } from "./find";
import { agentOf } from "./wireShapes";

/** Messages that `get_session` gives at a time unless asked for another number: an agent's window is small. */
const MESSAGES_AT_A_TIME = 50;

type Shape = VObject<unknown, Record<string, GenericValidator>>;

/** A tool whose types have done their work. */
export type Tool = {
  name: string;
  description: string;
  args: Shape;
  returns: Shape;
  run(ctx: ActionCtx, userId: Id<"users">, args: never): Promise<unknown>;
};

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- VObject's own default
function defineTool<A extends VObject<any, any>, R extends VObject<any, any>>(
  tool: Omit<Tool, "args" | "returns" | "run"> & {
    args: A;
    returns: R;
    run(ctx: ActionCtx, userId: Id<"users">, args: Infer<A>): Promise<Infer<R>>;
  },
): Tool {
  return tool as unknown as Tool;
}

const filters = {
  query: v.string(),
  agent: v.optional(v.string()),
  model: v.optional(v.string()),
  role: v.optional(vRole),
  from: v.optional(v.number()),
  to: v.optional(v.number()),
  limit: v.optional(v.number()),
};

const cursor = v.optional(v.string());

const searchSessions: Tool = defineTool({
  name: "search_sessions",
  description:
    "Searches the owner's archived sessions with all their AI agents for words. Gives messages that have them, the best first, each with its session, agent, time and a snippet. `from` and `to` are Unix ms. Pass `cursor` on for more.",
  args: v.object({ ...filters, cursor }),
  returns: v.object({ results: v.array(vMessageHit), cursor }),
  run: async (ctx, userId, { query, agent, limit = 10, cursor = null, ...search }) =>
    await ctx.runQuery(internal.lookups.messages, {
      ...{ userId, search: { ...search, text: query, agent: agentOf(agent) }, limit, cursor },
    }),
});

const getSession: Tool = defineTool({
  name: "get_session",
  description:
    "Reads one archived session by its id: its header and its messages in order. Pass `cursor` on for the rest of a long one.",
  args: v.object({ id: v.string(), limit: v.optional(v.number()), cursor }),
  returns: v.object({ session: vSessionRow, messages: v.array(vShownMessage), cursor }),
  run: async (ctx, userId, { limit = MESSAGES_AT_A_TIME, ...asked }) =>
    await readSession(ctx, userId, { limit, ...asked }),
});

const listRecent: Tool = defineTool({
  name: "list_recent",
  description:
    "Lists the owner's archived sessions, the last written first, of one agent or of all. Pass `cursor` on for more.",
  args: v.object({ agent: v.optional(v.string()), limit: v.optional(v.number()), cursor }),
  returns: v.object({ sessions: v.array(vSessionRow), cursor }),
  run: async (ctx, userId, { limit = 20, ...asked }) =>
    await listSessions(ctx, userId, { limit, ...asked }),
});

const getContext: Tool = defineTool({
  name: "get_context",
  description:
    "Gives pieces of archived messages that fit a question, long enough to work with, each with the session, agent, role and time that it comes from.",
  args: v.object(filters),
  returns: v.object({ items: v.array(vContextItem) }),
  run: async (ctx, userId, { query, agent, limit = 5, ...search }) => ({
    items: await contextOf(ctx, userId, { ...search, text: query, agent: agentOf(agent) }, limit),
  }),
});

/** Every tool. */
export const tools: Tool[] = [searchSessions, getSession, listRecent, getContext];
