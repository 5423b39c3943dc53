/** What the deployment knows of the person beside their sessions: the user row, and which agents are switched on. */
import { api } from "../convex/_generated/api";
import type { Profile } from "../utils/storage";
import type { Caller, CallResult } from "./convex-caller";
import { stableText } from "./stable-text";
import { trouble } from "./troubles";

/** What a deployment was told last, as text to compare by. */
export interface Told {
  user: string;
  agents: string;
}

/** Makes sure that the person has a row on the deployment, and says who they are when that changed. */
export type Provision = (
  deployment: string,
  owner: string,
  isForced: boolean,
) => Promise<Exclude<CallResult<null>, { kind: "unknown-user" }>>;

/** What telling needs from outside. */
export interface AccountDeps {
  call: Caller;
  getProfile(): Promise<Profile | null>;
  /** Ids of the agents that the person has switched on. */
  getEnabledAgents(owner: string): Promise<string[]>;
  told: { getValue(): Promise<Told>; setValue(told: Told): Promise<void> };
  now(): number;
}

/** Builds `provision`. Nothing is sent when the deployment was told the same in this run of the browser. */
export function createProvision(deps: AccountDeps): Provision {
  async function tellAgents(deployment: string, owner: string, told: Told): Promise<void> {
    const enabledAgents = (await deps.getEnabledAgents(owner)).sort();
    const agents = stableText([deployment, owner, ...enabledAgents]);
    if (agents === told.agents) return;
    const result = await deps.call(deployment, owner, (client) =>
      client.mutation(api.users.setEnabledAgents, { enabledAgents }),
    );
    // Best effort: a failure is tried again before the next batch, and holds no message back.
    if (result.kind === "done") await deps.told.setValue({ ...told, agents });
  }

  return async (deployment, owner, isForced) => {
    const profile = await deps.getProfile();
    if (profile?.id !== owner) return { kind: "signed-out" };
    const { id, ...fields } = profile;
    const user = stableText([deployment, id, fields]);
    let told = await deps.told.getValue();
    if (isForced || told.user !== user) {
      const result = await deps.call(deployment, owner, (client) =>
        client.mutation(api.users.getOrCreate, fields),
      );
      if (result.kind === "unknown-user") {
        return { kind: "later", trouble: trouble("unexpected", deps.now()) };
      }
      if (result.kind !== "done") return result;
      told = { ...told, user };
      await deps.told.setValue(told);
    }
    await tellAgents(deployment, owner, told);
    return { kind: "done", value: null };
  };
}
