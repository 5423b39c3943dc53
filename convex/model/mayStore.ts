/** Whether what arrives may be stored at all: not while the person's data is being erased, not what was erased, not what is blocked. */
import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import type { Message, SessionReading } from "../validators";
import type { SizedMessage } from "./check";
import { refusal } from "./errors";
import { checkNotBlocked } from "./organise";
import { findSession } from "./sessions";

/** Refuses every write while the person's data is being erased. Throws `erasing`. */
export function checkNotErasing(user: Doc<"users">): void {
  if (user.erasure === undefined) return;
  throw refusal(
    "erasing",
    "Nothing was written: your data is being erased. It can be used again when that is finished.",
  );
}

type Times = Pick<Message, "createdAt" | "completedAt">;

function timeOf(message: Times, reading: SessionReading): number | undefined {
  return message.completedAt ?? message.createdAt ?? reading.updatedAt ?? reading.createdAt;
}

function isFromBefore(time: number | undefined, erasedAt: number | undefined): boolean {
  return time !== undefined && erasedAt !== undefined && time < erasedAt;
}

/** Why a message cannot be stored because it is from before all data was erased; undefined when it is not. */
export function lateProblem(
  user: Doc<"users">,
  reading: SessionReading,
  { message }: SizedMessage,
): string | undefined {
  if (!isFromBefore(timeOf(message, reading), user.erasedAt)) return undefined;
  return "Not stored: the message is from before you erased all your data.";
}

/** Throws `erasing`, `session-blocked`, or `session-erased` when nothing of a new session is from after the erasing. */
export async function checkMayStore(
  ctx: MutationCtx,
  user: Doc<"users">,
  reading: SessionReading,
  messages: Message[],
): Promise<void> {
  checkNotErasing(user);
  await checkNotBlocked(ctx, user._id, reading.agent, reading.key);
  const { erasedAt } = user;
  if (erasedAt === undefined) return;
  const times =
    messages.length > 0 ? messages.map((one) => timeOf(one, reading)) : [timeOf({}, reading)];
  if (!times.every((time) => isFromBefore(time, erasedAt))) return;
  if ((await findSession(ctx, user._id, reading.agent, reading.key)) !== null) return;
  throw refusal(
    "session-erased",
    "Nothing was stored: the session is from before you erased all your data. You can allow such sessions again, or import an export.",
  );
}
