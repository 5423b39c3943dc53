/**
 * The composition root: builds the background's parts, hands them to each other and registers every listener in the first tick, so that
 * the browser can wake it for each of them. It is woken for a finished observation, for a person's wish, and by an alarm while
 * something waits or is fetched at the person's wish; never for a page load.
 */
import { defineBackground } from "#imports";
import { agentById, agents, isAny } from "../agents";
import type { Observation } from "../agents/agent";
import { type Broker, createBroker, registerAuthMessages } from "../auth/broker";
import { backfillAgents } from "../capture/backfill";
import { createCollector } from "../capture/collect";
import { driftAgents } from "../capture/drift-agents";
import { READERS_NAME } from "../capture/dom/names";
import { checkImported } from "../capture/import/check";
import { agentsAt, hostsOf } from "../capture/origin-agent";
import { pageSession } from "../capture/page";
import { readObservation } from "../capture/read";
import { redact } from "../capture/redact";
import { createRegistration, type Registration } from "../capture/register";
import { wantedPages } from "../capture/wanted-pages";
import { createProvision } from "../sync/account";
import { flushAlarm } from "../sync/alarm";
import { registerBackfill } from "../sync/backfill-wiring";
import { listenToBrowser } from "../sync/browser-events";
import { hasConsent } from "../sync/consents";
import { createCaller, type TokenAnswer } from "../sync/convex-caller";
import { createConnection } from "../sync/database";
import { normaliseDeployment } from "../sync/deployment";
import { Drain } from "../sync/drain";
import type { Drift } from "../sync/drift";
import { createDrift } from "../sync/drift-wiring";
import { createTabs } from "../sync/tabs";
import { admit, type GateSender } from "../sync/gate";
import { registerImport } from "../sync/import";
import { createLife } from "../sync/life";
import { type AgentRead, createObserver, type ObserverDeps, type Taken } from "../sync/observe";
import { addCaptured, type Captured } from "../sync/outbox";
import { registerPageHandlers } from "../sync/page-handlers";
import { readPage } from "../sync/page-status";
import { createScripts } from "../sync/scripts";
import { Status } from "../sync/status";
import { enabledIds, readSwitches } from "../sync/switches";
import { trouble } from "../sync/troubles";
import { createUpload } from "../sync/upload";
import { browser } from "../utils/browser";
import { SignInUnavailableError } from "../utils/errors";
import { onMessage } from "../utils/messages";
import * as stored from "../utils/storage";

const hasPortsInPatterns = !import.meta.env.FIREFOX; // Firefox knows none.

const now = () => Date.now();
/** "opensync-companion:capture": where capture/install.ts marks a page on which it runs. */
const tabs = createTabs(hasPortsInPatterns, ["opensync-companion:capture", READERS_NAME]);
const fetchNow: typeof fetch = (input, init) => fetch(input, init);

/** What the person wants now, from storage and the sign-in. */
function createPersonState(broker: Broker) {
  const getPerson = async () => (await broker.currentPerson())?.id ?? null;
  return {
    getPerson,
    /** The person for whom capture and sending are on. */
    async getActive(): Promise<string | null> {
      const person = await getPerson();
      if (person === null || (await stored.isPaused.getValue())) return null;
      return (await hasConsent(person)) ? person : null;
    },
    async getDeployment(): Promise<string> {
      const url = normaliseDeployment((await stored.settings.getValue()).convexUrl, now());
      return url.ok ? url.value : "";
    },
    async getToken(wish: { forceRefresh: boolean }): Promise<TokenAnswer> {
      try {
        const token = await broker.getAccessToken(wish);
        return token === null ? { kind: "signed-out" } : { kind: "token", token };
      } catch (error) {
        if (!(error instanceof SignInUnavailableError)) throw error;
        return { kind: "unavailable", after: error.retryAfterMs ?? undefined };
      }
    },
  };
}

type PersonState = ReturnType<typeof createPersonState>;

/** Everything between the outbox and Convex. */
function createSending(broker: Broker, person: PersonState) {
  const getDatabase = createConnection();
  const status = new Status({
    getDatabase,
    getPerson: person.getPerson,
    item: stored.captureStatus,
    secretMasks: stored.secretMasks,
    drift: stored.drift,
    showBadge: (text) => browser.action.setBadgeText({ text }),
    now,
  });
  const call = createCaller({ getToken: person.getToken, fetch: fetchNow, now });
  const provision = createProvision({
    call,
    getProfile: () => broker.currentPerson(),
    getEnabledAgents: async (owner) => enabledIds(await readSwitches(owner)),
    told: stored.toldAccount,
    now,
  });
  const drain = new Drain({
    getDatabase,
    upload: createUpload({ call, provision, fetch: fetchNow, now }),
    getOwner: person.getActive,
    getDeployment: person.getDeployment,
    backoff: stored.backoff,
    alarm: flushAlarm,
    alone: (work) => navigator.locks.request("drain", work),
    later: (work, ms) => void setTimeout(work, ms),
    report: (news) => status.report(news),
    now,
    random: Math.random,
  });
  return { getDatabase, status, provision, drain };
}

/** Which pages the content scripts belong on, held there. */
function createScriptKeeper(person: PersonState, status: Status, registration: Registration) {
  return createScripts({
    getWanted: async () => wantedPages(await readSwitches(await person.getActive()), agents),
    registration,
    hasPortsInPatterns,
    onPermission: (agentId, isMissing) =>
      isMissing
        ? status.setAgentTrouble(agentId, trouble("permission-missing", now()))
        : status.clearAgentTrouble(agentId, "permission-missing"),
  });
}

type Sending = ReturnType<typeof createSending>;

/** What an agent makes of an observation; nothing when none of its taps has seen it. */
function readBy(agentId: string, observation: Observation): AgentRead[] {
  const read = readObservation(agentById(agentId)!, observation);
  return read.readings.length > 0 || read.problem ? [{ ...read, agentId }] : [];
}

/** What becomes of readings, wherever they come from. */
function createObserving(person: PersonState, { getDatabase, status, drain }: Sending) {
  return {
    keepsTemporary: async (owner: string) =>
      (await stored.keepsTemporary.getValue())[owner] === true,
    redact,
    add: async (owner: string, captured: Captured) =>
      addCaptured(await getDatabase(), owner, await person.getDeployment(), captured),
    status,
    wake: () => void drain.wake(),
    now,
  };
}

/** The two messages that content scripts may send. */
function registerCapture(
  person: PersonState,
  observing: Omit<ObserverDeps, "admit" | "take"> & { drift: Drift },
  registration: Registration,
): void {
  const collector = createCollector({ now, hostsOf: (tap) => hostsOf(tap, agents) });
  const admitSender = async (sender: GateSender) => {
    const active = await person.getActive();
    const switches = await readSwitches(active);
    return admit(sender, {
      extensionId: browser.runtime.id,
      person: active,
      agentsAt: (origin) => agentsAt(origin, switches, agents).map(({ id }) => id),
    });
  };
  const observe = createObserver({
    admit: admitSender,
    take({ agentIds, tabId, origin }, chunk): Taken {
      const collected = collector.add({ tabId, origin }, chunk);
      if (collected.kind !== "complete") return collected;
      const reads = agentIds.flatMap((agentId) => readBy(agentId, collected.observation));
      // Where the traffic of a page of no known agent has a form of its own, what it shows is left.
      for (const { agentId, problem } of reads)
        if (problem && isAny(agentId)) void registration.injectReader(tabId, agentId);
      return { kind: "read", reads, answer: collected.observation };
    },
    ...observing,
  });
  onMessage("observe", ({ sender, data }) => observe(sender, data));
  onMessage("reportSilence", async ({ sender }) => {
    const admission = await admitSender(sender);
    const switches = await readSwitches(admission?.owner ?? null);
    const page = admission && pageSession(sender.url ?? "", switches, agents);
    if (!page || !admission.agentIds.includes(page.agent.id)) return;
    const { id, page: rules } = page.agent;
    // A page that shows messages of no session of the person's, such as one that somebody shared.
    if (page.sessionKey === null && !isAny(id)) return;
    if (rules?.use === "fallback") await registration.injectReader(admission.tabId, id);
    // Of a page of no known agent it is not known that its traffic could be read.
    if (!isAny(id)) await observing.drift.noteSilence(admission.owner, id);
  });
}

/** What the popup shows of the tab in front. */
function createPageReader(person: PersonState, { getDatabase }: Sending) {
  return () =>
    readPage({
      ...person,
      getDatabase,
      ...tabs,
      async pageOf(address, owner) {
        const switches = await readSwitches(owner);
        const page = pageSession(address, switches, agents);
        if (!page) return null;
        const { agent, sessionKey } = page;
        const isOn = switches[agent.id]?.isEnabled === true;
        return { agent: { id: agent.id, name: agent.name }, isOn, session: sessionKey };
      },
    });
}

export default defineBackground({
  type: "module",
  main() {
    const broker = createBroker({ onSignedIn: (profile) => void life.arrive(profile) });
    const person = createPersonState(broker);
    const sending = createSending(broker, person);
    const registration = createRegistration({
      scripting: browser.scripting,
      permissions: browser.permissions,
      tabs: browser.tabs,
      hasPortsInPatterns,
    });
    const keepScripts = createScriptKeeper(person, sending.status, registration);
    const own = createObserving(person, sending);
    const { drift, reread } = createDrift({ ...own, ...sending, ...person, ...driftAgents });
    const observing = { ...own, drift };
    const backfill = registerBackfill({
      ...sending,
      ...person,
      ...backfillAgents,
      isPermitted: tabs.hasPermission,
      observing,
      pauseMs: { least: 1_000, most: 3_000 },
    });
    const updateScripts = async () => {
      const lacking = await keepScripts();
      void reread();
      await backfill.wake();
      return lacking;
    };
    const life = createLife({ ...sending, ...person, updateScripts, told: stored.toldAccount });

    registerAuthMessages(broker);
    registerCapture(person, observing, registration);
    registerImport({
      ...sending,
      ...person,
      check: checkImported,
      redact,
      wake: () => void sending.drain.wake(),
      now,
    });
    registerPageHandlers({
      ...sending,
      getPerson: person.getPerson,
      agents,
      drift,
      life,
      readPage: createPageReader(person, sending),
      fetch: fetchNow,
      now,
    });
    broker.onChange((profile) => {
      if (profile === null) void life.leave();
    });
    listenToBrowser(sending.drain, life);
    void life.start();
  },
});
