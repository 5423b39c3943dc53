import type { Agent } from "../../agents/agent";
import { browser } from "../../utils/browser";
import type { Answer } from "../../utils/errors";
import { sendMessage } from "../../utils/messages";
import type { AgentSwitch } from "../../utils/storage";
import { ask } from "../ask";
import { permissionPattern, permissionPatterns } from "./origins";

/** What of an agent the pages use. */
export type AgentInfo = Pick<Agent, "id" | "name" | "kind" | "origins" | "selfHosted">;

function notAllowed(what: string): Answer<never> {
  return {
    ok: false,
    trouble: {
      code: "permission-missing",
      message: `The browser has no permission for ${what}, so nothing is captured there.`,
      next: "Try again and choose Allow when the browser asks.",
      at: Date.now(),
    },
  };
}

/** Asks the browser for origins. Must be called in the click itself, before any await. */
async function requestOrigins(patterns: string[]): Promise<boolean> {
  // Rejects where the browser does not take the call for a click: for the person that is a no.
  return browser.permissions.request({ origins: patterns }).catch(() => false);
}

/** Switches an agent on or off, with the origins that the person named. Must be called in the click itself. */
export async function switchAgent(
  agent: AgentInfo,
  isEnabled: boolean,
  origins: string[],
): Promise<Answer> {
  if (isEnabled && !(await requestOrigins(permissionPatterns(agent, origins)))) {
    return notAllowed(`the pages of ${agent.name}`);
  }
  return ask(sendMessage("setAgent", { agentId: agent.id, isEnabled, origins }));
}

/**
 * As `switchAgent`, from the popup, which the browser closes when it asks: so the switch is set at once, and the background begins when the
 * permission comes. A no sets the switch back if the popup is still there; else it is shown as on without permission, capturing nothing.
 */
export async function switchOnFromPopup(
  agent: AgentInfo,
  { isEnabled, origins }: AgentSwitch,
): Promise<Answer> {
  const wish = { agentId: agent.id, isEnabled: true, origins };
  const isGranted = requestOrigins(permissionPatterns(agent, origins));
  await ask(sendMessage("setAgent", wish));
  if (await isGranted) return ask(sendMessage("setAgent", wish));
  if (!isEnabled) await ask(sendMessage("setAgent", { ...wish, isEnabled: false }));
  return notAllowed(`the pages of ${agent.name}`);
}

/** Asks for an origin and finds out which self-hosted agent runs there; null: none. Must be called in the click itself. */
export async function findAgentAt(origin: string): Promise<Answer<{ agentId: string | null }>> {
  if (!(await requestOrigins([permissionPattern(origin)]))) return notAllowed(origin);
  return ask(sendMessage("recogniseOrigin", { origin }));
}
