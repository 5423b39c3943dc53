/** What follows when somebody signs in or out, agrees, pauses, or switches an agent: capture and sending are brought in line at once. */
import type { Profile } from "../utils/storage";
import type { Provision } from "./account";
import { adoptConsent } from "./consents";
import type { Drain } from "./drain";
import type { Status } from "./status";

/** What of the background is brought in line. */
export interface LifeDeps {
  /** WorkOS user id of the person for whom capture is on: signed in, agreed, not paused. */
  getActive(): Promise<string | null>;
  getDeployment(): Promise<string>;
  /** Answers the ids of agents whose permission is missing. */
  updateScripts(): Promise<string[]>;
  provision: Provision;
  status: Status;
  drain: Drain;
  told: { removeValue(): Promise<void> };
}

/** Builds it. */
export function createLife({ status, drain, ...deps }: LifeDeps) {
  /** Brings everything in line with what the person wants now; answers the ids of agents whose permission is missing. */
  async function apply(): Promise<string[]> {
    const lacking = await deps.updateScripts();
    await status.refresh();
    void send();
    return lacking;
  }

  async function send(): Promise<void> {
    const [active, deployment] = [await deps.getActive(), await deps.getDeployment()];
    // Best effort: the drain does it again before the first message, and tells what is wrong.
    if (active !== null && deployment !== "") await deps.provision(deployment, active, false);
    await drain.wake({ isForced: active !== null });
  }

  return {
    apply,

    /** After each sign-in. */
    async arrive({ id }: Profile): Promise<void> {
      await adoptConsent(id);
      await apply();
    },

    /** After each sign-out. */
    async leave(): Promise<void> {
      await deps.told.removeValue();
      await status.clear();
      await apply();
    },

    /** At each start of the worker. */
    async start(): Promise<void> {
      await deps.updateScripts();
      await status.refresh();
      await drain.wake();
    },
  };
}

/** Brings capture and sending in line. */
export type Life = ReturnType<typeof createLife>;
