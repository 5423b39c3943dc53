/** The answers to the messages of the extension's own pages. */
import type { Answer } from "../utils/errors";
import type { PageStatus } from "../utils/messages";
import { onPageMessage } from "../utils/page-messages";
import { isPaused, keepsTemporary, type Settings, settings } from "../utils/storage";
import { agree, withdraw } from "./consents";
import type { SyncDatabase } from "./database";
import { checkDeployment, normaliseDeployment } from "./deployment";
import type { Drain } from "./drain";
import type { Drift } from "./drift";
import type { Life } from "./life";
import { type Recognisable, recogniseOrigin } from "./recognise";
import { unparkAll } from "./settle";
import type { Status } from "./status";
import { isOrigin, writeSwitch } from "./switches";
import { trouble } from "./troubles";

/** What answering needs. */
export interface PageHandlersDeps {
  getDatabase(): Promise<SyncDatabase>;
  /** WorkOS user id, or null: signed out. */
  getPerson(): Promise<string | null>;
  agents: readonly Recognisable[];
  life: Life;
  status: Status;
  drift: Drift;
  drain: Drain;
  readPage(): Promise<PageStatus>;
  fetch: typeof globalThis.fetch;
  now(): number;
}

/** One person's wish for one agent. */
interface AgentWish {
  agentId: string;
  isEnabled: boolean;
  origins: string[];
}

const OK: Answer = { ok: true, value: null };

async function setAgent(deps: PageHandlersDeps, wish: AgentWish): Promise<Answer> {
  const { agentId, isEnabled, origins } = wish;
  const person = await deps.getPerson();
  if (person === null) {
    const words = {
      message: "You are signed out, so nothing was changed and nothing is captured.",
      next: "Sign in, then switch the agent on.",
    };
    return { ok: false, trouble: trouble("sign-in-needed", deps.now(), words) };
  }
  if (!deps.agents.some(({ id }) => id === agentId) || !origins.every(isOrigin)) {
    throw new Error("No such agent, or not an origin.");
  }
  await writeSwitch(person, agentId, { isEnabled, origins });
  const lacking = await deps.life.apply();
  if (isEnabled && lacking.includes(agentId)) {
    return { ok: false, trouble: trouble("permission-missing", deps.now()) };
  }
  await deps.status.clearAgentTrouble(agentId, "permission-missing");
  if (!isEnabled) await deps.drift.forget(person, agentId);
  return OK;
}

async function saveSettings(deps: PageHandlersDeps, next: Settings): Promise<void> {
  const url = normaliseDeployment(next.convexUrl, deps.now());
  const convexUrl = url.ok ? url.value : next.convexUrl.trim();
  await settings.setValue({ convexUrl, clientId: next.clientId.trim() });
  await deps.life.apply();
}

function registerDrift({ getPerson, drift }: PageHandlersDeps): void {
  onPageMessage("getDriftReport", async ({ agentId }) => {
    const person = await getPerson();
    return person === null ? "" : drift.report(person, agentId);
  });
  onPageMessage("dismissDrift", async ({ agentId }) => {
    const person = await getPerson();
    if (person !== null) await drift.dismiss(person, agentId);
  });
  onPageMessage("deleteKeptAnswers", async ({ agentId }) => {
    const person = await getPerson();
    if (person !== null) await drift.deleteKept(person, agentId);
  });
}

/** Registers the answers; to be called in the first tick. */
export function registerPageHandlers(deps: PageHandlersDeps): void {
  const { getPerson, life, drain, now } = deps;
  onPageMessage("agree", async () => {
    await agree(await getPerson(), now());
    await life.apply();
  });
  onPageMessage("withdraw", async () => {
    await withdraw(await getPerson());
    await life.apply();
  });
  onPageMessage("setPaused", async (wish) => {
    await isPaused.setValue(wish.isPaused);
    await life.apply();
  });
  onPageMessage("setKeepsTemporary", async ({ isKept }) => {
    const person = await getPerson();
    if (person === null) return;
    await keepsTemporary.setValue({ ...(await keepsTemporary.getValue()), [person]: isKept });
  });
  onPageMessage("setAgent", (wish) => setAgent(deps, wish));
  onPageMessage("saveSettings", (next) => saveSettings(deps, next));
  registerDrift(deps);
  onPageMessage("getPage", () => deps.readPage());
  onPageMessage("recogniseOrigin", ({ origin }) => recogniseOrigin(origin, deps));
  onPageMessage("checkDeployment", ({ convexUrl }) => checkDeployment(convexUrl, deps));
  onPageMessage("retryNow", () => drain.wake({ isForced: true }));
  onPageMessage("retryRefused", async () => {
    const person = await getPerson();
    if (person !== null) await unparkAll(await deps.getDatabase(), person);
    await deps.status.refresh();
    await drain.wake({ isForced: true });
  });
}
