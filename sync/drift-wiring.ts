/** Puts drift together with the rest of the background. */
import { browser } from "../utils/browser";
import { drift as item } from "../utils/storage";
import { Drift, type DriftDeps } from "./drift";
import { createReread, type RereadDeps } from "./drift-reread";
import type { Status } from "./status";
import { readSwitches } from "./switches";

/** What it needs of the background. */
export interface DriftWiring
  extends
    Pick<DriftDeps, "getDatabase" | "shapeOf" | "agentOf" | "now">,
    Pick<
      RereadDeps,
      "getDeployment" | "getActive" | "read" | "keepsTemporary" | "redact" | "add" | "wake"
    > {
  redactAnswer: DriftDeps["redact"];
  status: Pick<Status, "refresh">;
}

/** Builds the marks of agents that have changed, and what reads again what an older version could not read. */
export function createDrift(deps: DriftWiring) {
  const { version } = browser.runtime.getManifest();
  const isWanted = async (owner: string, agentId: string) =>
    (await deps.getActive()) === owner && (await readSwitches(owner))[agentId]?.isEnabled === true;
  const drift = new Drift({
    ...{ ...deps, item, isWanted, version },
    redact: deps.redactAnswer,
    onChange: () => deps.status.refresh(),
  });
  return { drift, reread: createReread({ ...deps, isWanted, version, drift }) };
}
