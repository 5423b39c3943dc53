import type { UserIdentity } from "convex/server";
import { type Infer, v } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { refusal } from "./errors";
import { checkNotErased } from "./erasedAccounts";

const WORKOS = "https://api.workos.com";
const LOOPBACK = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/;
const MAX_PROFILE_LENGTH = 2_048;
const MAX_ENABLED_AGENTS = 100;

/** Shape of an agent's id, as in `agents/`. */
export const AGENT_ID = /^[a-z0-9-]{1,64}$/;

/** A user as clients see it. */
export const vUser = v.object({
  id: v.id("users"),
  workosId: v.string(),
  email: v.optional(v.string()),
  name: v.optional(v.string()),
  avatarUrl: v.optional(v.string()),
  enabledAgents: v.array(v.string()),
  /** Unix ms. */
  createdAt: v.number(),
});

/** What the sign-in says of a person; access tokens themselves carry none of it by default. */
export const profileFields = {
  email: v.optional(v.string()),
  name: v.optional(v.string()),
  avatarUrl: v.optional(v.string()),
};

type Profile = { email?: string; name?: string; avatarUrl?: string };

/**
 * Who vouches for a subject. The two WorkOS issuers of auth.config.ts speak for the same people of the same client. A loopback
 * issuer is the emulator, which may listen on another port at every start; real deployments accept no such issuer.
 */
export function issuerRealm(issuer: string): string {
  const bare = issuer.replace(/\/+$/, "");
  if (bare === WORKOS || bare.startsWith(`${WORKOS}/user_management/`)) return WORKOS;
  return LOOPBACK.test(issuer) ? "loopback" : bare;
}

/** The user that a token speaks for, or null before the first `users.getOrCreate`. */
export async function findUser(
  ctx: QueryCtx,
  identity: UserIdentity,
): Promise<Doc<"users"> | null> {
  return await ctx.db
    .query("users")
    .withIndex("by_workos_id", (q) =>
      q.eq("workosId", identity.subject).eq("issuer", issuerRealm(identity.issuer)),
    )
    .unique();
}

/** The row as clients see it. */
export function userView(user: Doc<"users">): Infer<typeof vUser> {
  const { _id, workosId, email, name, avatarUrl, enabledAgents, createdAt } = user;
  return { id: _id, workosId, email, name, avatarUrl, enabledAgents, createdAt };
}

/** The profile's fields that say something: an empty or absurdly long one must neither blank a field nor stop a sign-in. */
function usableProfile(profile: Profile): Profile {
  const usable = Object.entries(profile).filter(
    ([, value]) =>
      typeof value === "string" && value.trim() !== "" && value.length <= MAX_PROFILE_LENGTH,
  );
  return Object.fromEntries(usable);
}

/**
 * Creates the user at the first sign-in and brings the profile up to date later; unchanged writes nothing. An account that was
 * erased begins anew only when the person asks for it (`isRestart`). Throws `account-erased`.
 */
export async function provisionUser(
  ctx: MutationCtx,
  identity: UserIdentity,
  profile: Profile,
  isRestart = false,
): Promise<Doc<"users">> {
  const now = Date.now();
  const known = usableProfile({ ...profile, ...usableProfile({ email: identity.email }) });
  const user = await findUser(ctx, identity);
  if (user === null) {
    await checkNotErased(ctx, identity.subject, issuerRealm(identity.issuer), isRestart);
    const id = await ctx.db.insert("users", {
      ...known,
      workosId: identity.subject,
      issuer: issuerRealm(identity.issuer),
      enabledAgents: [],
      createdAt: now,
      updatedAt: now,
    });
    return (await ctx.db.get("users", id)) as Doc<"users">;
  }
  const isChanged = Object.entries(known).some(
    ([field, value]) => user[field as keyof Profile] !== value,
  );
  if (!isChanged) return user;
  await ctx.db.patch("users", user._id, { ...known, updatedAt: now });
  return { ...user, ...known, updatedAt: now };
}

/** Replaces the list of agents that are switched on. Throws `invalid-agents`. */
export async function setEnabledAgents(
  ctx: MutationCtx,
  user: Doc<"users">,
  agents: string[],
): Promise<void> {
  const enabledAgents = [...new Set(agents)];
  if (
    enabledAgents.length > MAX_ENABLED_AGENTS ||
    !enabledAgents.every((id) => AGENT_ID.test(id))
  ) {
    throw refusal(
      "invalid-agents",
      `The list of agents was not saved: it may name at most ${MAX_ENABLED_AGENTS} agents by their ids (a-z, 0-9 and hyphens).`,
    );
  }
  const isSame =
    enabledAgents.length === user.enabledAgents.length &&
    enabledAgents.every((id, index) => id === user.enabledAgents[index]);
  if (!isSame) await ctx.db.patch("users", user._id, { enabledAgents, updatedAt: Date.now() });
}
