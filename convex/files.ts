import { v } from "convex/values";
import { userMutation } from "./functions";

/**
 * A URL to which the JSON of one message's parts can be POSTed (within the hour; content type `application/json`); the answer is
 * `{ "storageId": string }`. The file belongs to nobody until `sessions.record` names it in `upload`.
 * Throws `unauthenticated`, `user-missing`.
 */
export const generateUploadUrl = userMutation({
  args: {},
  returns: v.string(),
  handler: async (ctx) => await ctx.storage.generateUploadUrl(),
});
