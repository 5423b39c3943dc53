import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel";
import { userMutation } from "./functions";
import { vExportedSession, type ExportedSession } from "./model/exportText";
import { checkChange, organise, type SessionChange } from "./model/organise";
import { recordSession } from "./model/record";
import { vMessage, vRecordResult } from "./validators";

function changeOf(header: ExportedSession): SessionChange {
  const { isStarred = false, isArchived = false, tags = [], isEvalReady = false } = header;
  const { evalStatus = null, evalNotes = "", evalTags = [], expectedOutput = "" } = header;
  return {
    ...(header.isRenamed && header.title !== undefined && { title: header.title }),
    ...{
      isStarred,
      isArchived,
      tags,
      isEvalReady,
      evalStatus,
      evalNotes,
      evalTags,
      expectedOutput,
    },
  };
}

/** The time of the last write as the export has it; one that no clock has reached is left out. */
function storedAt({ storedAt }: ExportedSession, row: Doc<"sessions">): { updatedAt: number } {
  const isPast = storedAt > 0 && storedAt <= Date.now();
  return { updatedAt: isPast ? storedAt : row.updatedAt };
}

/**
 * Brings a session of a JSONL export back: its `session` line and up to 100 of its `message` lines without their `type`, and of one
 * that names a `file`, with `upload` instead. As `sessions.record`, and besides it restores what the person said of the session. A
 * session from before an erasing of all data comes back too: importing is the person's own act. Throws what `sessions.record` and
 * `organise.update` throw; then nothing was written.
 */
export const session = userMutation({
  args: { session: vExportedSession, messages: v.array(vMessage) },
  returns: v.object({ sessionId: v.id("sessions"), results: v.array(vRecordResult) }),
  handler: async (ctx, { session: header, messages }) => {
    const change = checkChange(changeOf(header));
    const { agent, key, title, url, parentKey, activeLeafKey, projectPath, projectName } = header;
    const { model, provider, tokens, cost, durationMs, createdAt, updatedAt } = header;
    const { account, certainty } = header;
    const reading = {
      ...{ agent, key, title, url, parentKey, activeLeafKey, projectPath, projectName },
      ...{ model, provider, tokens, cost, durationMs, createdAt, updatedAt, account, certainty },
    };
    const user = { ...ctx.user, erasedAt: undefined };
    const answer = await recordSession(ctx, user, reading, messages);
    const row = (await ctx.db.get("sessions", answer.sessionId)) as Doc<"sessions">;
    await organise(ctx, row, change);
    await ctx.db.patch("sessions", row._id, storedAt(header, row));
    return answer;
  },
});
