/** Puts sessions into a person's archive as the extension would, without an agent's page. */
import { createHash } from "node:crypto";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import type { MessageReading, RecordResult, SessionReading } from "../../convex/validators.ts";
import type { World } from "./world.ts";

const getOrCreate = makeFunctionReference<"mutation", { email?: string; name?: string }, null>(
  "users:getOrCreate",
);
const record = makeFunctionReference<
  "mutation",
  { session: SessionReading; messages: (MessageReading & { hash: string })[] },
  { sessionId: string; results: RecordResult[] }
>("sessions:record");

/** A message with what a spec says about it. */
export type SeedMessage = Pick<MessageReading, "role" | "parts"> & Partial<MessageReading>;

/** Stores a session; answers its id in the archive. */
export async function seedSession(
  world: World,
  personId: string,
  session: SessionReading,
  messages: SeedMessage[],
): Promise<string> {
  const client = new ConvexHttpClient(world.stack.convex.url);
  client.setAuth(await world.stack.authkit.control.tokenFor(personId));
  await client.mutation(getOrCreate, {});
  const readings = messages.map((message, index): MessageReading => ({
    key: `msg_${index}`,
    position: index,
    state: "final",
    ...message,
  }));
  // Convex takes a hash as the client gives it: any that differs with the content will do.
  const hashed = readings.map((reading) => ({
    ...reading,
    hash: createHash("sha256").update(JSON.stringify(reading)).digest("base64url"),
  }));
  const { sessionId, results } = await client.mutation(record, { session, messages: hashed });
  const refused = results.find(({ outcome }) => outcome === "refused");
  if (refused) throw new Error(`Convex refused ${refused.key}: ${refused.reason}`);
  return sessionId;
}
