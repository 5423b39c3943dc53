/** Puts a backfill together with the rest of the background. */
import { browser } from "../utils/browser";
import { type PageAnswer, sendMessage } from "../utils/messages";
import { onPageMessage } from "../utils/page-messages";
import { backfills, browserLife, isPaused } from "../utils/storage";
import { BACKFILL_ALARM, backfillAlarm } from "./alarm";
import { Backfill } from "./backfill";
import { createBackfillPages } from "./backfill-pages";
import type { BackfillSource, Kept } from "./backfill-steps";
import { type BackfillDatabase, createBackfillStore, openBackfillDatabase } from "./backfill-store";
import type { PauseReason } from "./backfill-troubles";
import { hasConsent } from "./consents";
import { HEADER_KEY, type SyncDatabase } from "./database";
import { createObserver, type ObserverDeps, type Taken } from "./observe";
import { readSwitches } from "./switches";

type ReadAnswer = Extract<Taken, { kind: "read" }>;

/** What it needs of the background. */
export interface BackfillWiring {
  getDatabase(): Promise<SyncDatabase>;
  getPerson(): Promise<string | null>;
  getDeployment(): Promise<string>;
  sourceOf(agentId: string): BackfillSource | null;
  /** What an agent makes of a session's answer. */
  read(agentId: string, tap: string, answer: PageAnswer): ReadAnswer;
  /** What is to be told of an answer that is no list. */
  readBadList(agentId: string, answer: PageAnswer): ReadAnswer;
  /** Exact origins of an agent, those first that the person named. */
  originsOf(agentId: string, named: readonly string[]): string[];
  isPermitted(origin: string): Promise<boolean>;
  /** Redacting, comparing and storing, as for what pages hand over. */
  observing: Omit<ObserverDeps, "admit" | "take">;
  pauseMs: { least: number; most: number };
}

/** So often the browser hears of a worker that only waits. */
const AWAKE_MS = 20_000;

async function sleep(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= AWAKE_MS) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, AWAKE_MS)));
    // A worker that calls nothing for 30 s is ended.
    await browser.runtime.getPlatformInfo();
  }
}

async function getLife(): Promise<string> {
  const known = await browserLife.getValue();
  if (known !== "") return known;
  const life = crypto.randomUUID();
  await browserLife.setValue(life);
  return life;
}

/** Builds it, and registers the answer to the page that shows it; to be called in the first tick. */
export function registerBackfill(deps: BackfillWiring): Backfill {
  let opened: Promise<BackfillDatabase> | null = null;
  const store = createBackfillStore(() => (opened ??= openBackfillDatabase()));

  async function hindrance(owner: string, agentId: string): Promise<PauseReason | null> {
    if ((await deps.getPerson()) !== owner || !(await hasConsent(owner))) return "signed-out";
    if (await isPaused.getValue()) return "capture-paused";
    return (await readSwitches(owner))[agentId]?.isEnabled === true ? null : "agent-off";
  }

  /** Stores what was read on the way that captured readings go. */
  async function observe(owner: string, agentId: string, read: ReadAnswer): Promise<Kept> {
    const take = createObserver({
      ...deps.observing,
      async admit() {
        if ((await hindrance(owner, agentId)) !== null) return null;
        return { owner, agentIds: [agentId], origin: "", tabId: -1 };
      },
      take: () => read,
    });
    const { isStored, mustStop } = await take({}, null);
    if (mustStop) return { kind: "off" };
    return isStored
      ? { kind: "stored", isOdd: read.reads.some(({ problem }) => problem !== null) }
      : { kind: "full" };
  }

  const pages = createBackfillPages({
    tabs: browser.tabs,
    askPage: (tabId, wish) => sendMessage("askPage", wish, { tabId, frameId: 0 }),
  });

  const backfill = new Backfill({
    ...deps,
    store,
    pages,
    hindrance,
    async chooseOrigin(owner, agentId, wanted) {
      const named = (await readSwitches(owner))[agentId]?.origins ?? [];
      const origins: string[] = [];
      for (const origin of deps.originsOf(agentId, named)) {
        if (wanted !== undefined && origin !== wanted) continue;
        if (!(await deps.isPermitted(origin))) continue;
        if ((await pages.find(origin, null)) !== null) return origin;
        origins.push(origin);
      }
      return origins[0] ?? null;
    },
    keep: ({ owner, agent }, tap, answer) => observe(owner, agent, deps.read(agent, tap, answer)),
    async reportList({ owner, agent }, answer) {
      await observe(owner, agent, deps.readBadList(agent, answer));
    },
    async isHeld({ owner, agent }, session) {
      const database = await deps.getDatabase();
      const deployment = await deps.getDeployment();
      const header = await database.get("headers", [owner, agent, session]);
      if (header && header.status !== "sent") return true;
      const key = await database.getKey("ledger", [deployment, owner, agent, session, HEADER_KEY]);
      return key !== undefined;
    },
    publish: (statuses) => backfills.setValue(statuses),
    getLife,
    alarm: backfillAlarm,
    sleep,
    now: () => Date.now(),
    random: Math.random,
  });
  onPageMessage("backfill", ({ agentId, wish, origin }) => backfill.wish(agentId, wish, origin));
  browser.alarms.onAlarm.addListener(({ name }) => {
    if (name === BACKFILL_ALARM) void backfill.wake();
  });
  return backfill;
}
