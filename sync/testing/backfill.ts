/** A site with sessions, and lives of the background around it, for tests of backfills: time passes only while somebody waits. */
import type { BackfillStatus } from "../../utils/backfill-run";
import type { PageAnswer, PageAsk } from "../../utils/messages";
import { Backfill, type BackfillDeps } from "../backfill";
import type { BackfillSource } from "../backfill-steps";
import { createBackfillStore, openBackfillDatabase } from "../backfill-store";
import type { PauseReason } from "../backfill-troubles";

/** What a request is answered with instead of what the site has. */
export type Fault = Partial<PageAnswer> | null;

const ORIGIN = "https://chat.example";
export const OWNER = "user_me";
export const AGENT = "opencode";

/** Everything that outlives a worker, and the site. */
export class BackfillWorld {
  now = 1_000_000;
  person: string | null = OWNER;
  hindrance: PauseReason | null = null;
  life = "first";
  alarm: number | null = null;
  statuses: Record<string, Record<string, BackfillStatus>> = {};
  /** By key, in the order of the list: when the site says it changed. */
  sessions = new Map<string, number | undefined>();
  pageSize = 2;
  /** Answers that a session needs. */
  answersEach = 1;
  /** Given to requests one after the other; then the site answers. */
  faults: (Fault | undefined)[] = [];
  /** Keys of sessions that cannot be had, with the status of their answers. */
  broken = new Map<string, number>();
  /** Keys of sessions whose answers cannot all be read. */
  odd = new Set<string>();
  /** Each request as `list:<cursor>` or `<session>:<n>`, with its time. */
  requests: { name: string; at: number; agent: string }[] = [];
  /** What was kept, as `<session>:<n>`. */
  kept: string[] = [];
  reports = 0;
  /** From which tab each request went out. */
  askedTabs: number[] = [];
  /** The person's own tab, and those that were opened. */
  ownTab: number | null = 1;
  tabs = new Set<number>([1]);
  #tabCount = 1;
  /** Every status of the one agent that was told. */
  told: BackfillStatus[] = [];
  /** How many requests are answered before one is held back until `release`. */
  holdsAfter = Infinity;
  release: () => void = () => undefined;
  /** What happens while the background waits. */
  whileWaiting: () => Promise<unknown> = () => Promise.resolve();
  /** Requests under way now, and the most at once. */
  asking = 0;
  mostAsking = 0;

  source: BackfillSource = {
    list: (cursor) => this.#wish(`list:${cursor ?? 0}`),
    readList: ({ body }) =>
      body.startsWith("{") ? (JSON.parse(body) as ReturnType<BackfillSource["readList"]>) : null,
    load: (session, answers) =>
      answers.length < this.answersEach
        ? { ...this.#wish(`${session}:${answers.length}`), tap: "session" }
        : null,
  };

  #wish(path: string, agent = AGENT): PageAsk {
    return { agent, method: "GET", path };
  }

  /** Names of the requests so far. */
  names(): string[] {
    return this.requests.map(({ name }) => name);
  }

  async #ask(tabId: number, { path, agent }: PageAsk): Promise<PageAnswer | null> {
    if (!this.tabs.has(tabId)) throw new Error("No tab.");
    this.asking += 1;
    this.mostAsking = Math.max(this.mostAsking, this.asking);
    this.askedTabs.push(tabId);
    this.requests.push({ name: path, at: this.now, agent });
    await new Promise<void>((resolve) => {
      if (this.requests.length <= this.holdsAfter) setImmediate(resolve);
      else this.release = resolve;
    });
    this.now += 100;
    this.asking -= 1;
    const fault = this.faults.shift();
    if (fault === null) return null;
    const base = { url: `${ORIGIN}/${path}`, method: "GET", request: "", isTruncated: false };
    if (fault) return { ...base, status: 200, retryAfter: null, body: "", ...fault };
    const status = this.broken.get(path.split(":")[0]!) ?? 200;
    return { ...base, status, retryAfter: null, body: status === 200 ? this.#body(path) : "" };
  }

  #body(path: string): string {
    const start = /^list:(\d+)$/.exec(path)?.[1];
    if (start === undefined) return `{"path":"${path}"}`;
    const from = Number(start);
    const all = [...this.sessions].map(([key, updatedAt]) => ({ key, updatedAt }));
    const end = from + this.pageSize;
    return JSON.stringify({
      sessions: all.slice(from, end),
      next: end < all.length ? String(end) : null,
      total: all.length,
    });
  }

  /** A life of the background. `onCall` is called before and after each call of it to what lies outside, and may throw. */
  startWorker(onCall: () => void = () => undefined, agents: readonly string[] = [AGENT]): Backfill {
    const store = createBackfillStore(openBackfillDatabase);
    const deps: BackfillDeps = {
      store,
      sourceOf: (agent) =>
        agents.includes(agent)
          ? {
              ...this.source,
              list: (cursor) => ({ ...this.source.list(cursor), agent }),
              load: (session, answers) => {
                const wish = this.source.load(session, answers);
                return wish && { ...wish, agent };
              },
            }
          : null,
      getPerson: () => Promise.resolve(this.person),
      hindrance: () => Promise.resolve(this.hindrance),
      chooseOrigin: (_owner, _agent, wanted) => Promise.resolve(wanted ?? ORIGIN),
      pages: {
        find: () => Promise.resolve(this.ownTab),

        open: () => {
          this.#tabCount += 1;
          this.tabs.add(this.#tabCount);
          return Promise.resolve(this.#tabCount);
        },
        isOpen: (tabId) => Promise.resolve(this.tabs.has(tabId)),
        close: (tabId) => Promise.resolve(void this.tabs.delete(tabId)),
        ask: (tabId, wish) => this.#ask(tabId, wish),
      },
      keep: (_run, _tap, { body }) => {
        if (body.trim() === "") return Promise.resolve({ kind: "stored", isOdd: false });
        const { path } = JSON.parse(body) as { path: string };
        if (this.hindrance) return Promise.resolve({ kind: "off" });
        this.kept.push(path);
        const isOdd = this.odd.has(path.split(":")[0]!);
        return Promise.resolve({ kind: "stored", isOdd });
      },
      reportList: () => Promise.resolve(void (this.reports += 1)),
      isHeld: (_run, session) =>
        Promise.resolve(this.kept.some((path) => path.startsWith(`${session}:`))),
      publish: (statuses) => {
        this.statuses = statuses;
        if (this.status) this.told.push(this.status);
        return Promise.resolve();
      },
      getLife: () => Promise.resolve(this.life),
      alarm: {
        set: (at) => Promise.resolve(void (this.alarm = at)),
        clear: () => Promise.resolve(void (this.alarm = null)),
      },
      sleep: async (ms) => {
        await new Promise((resolve) => setImmediate(resolve));
        await this.whileWaiting();
        this.now += ms;
      },
      now: () => this.now,
      random: () => 0.5,
      pauseMs: { least: 1_000, most: 3_000 },
    };
    return new Backfill({
      ...watched(deps, onCall),
      pauseMs: deps.pauseMs,
      store: watched(store, onCall),
      pages: watched(deps.pages, onCall),
      alarm: watched(deps.alarm, onCall),
    });
  }

  /** Of the one agent. */
  get status(): BackfillStatus | undefined {
    return this.statuses[OWNER]?.[AGENT];
  }
}

/** The same calls, each with `onCall` before and after it. Answers at once stay at once. */
function watched<T extends object>(parts: T, onCall: () => void): T {
  const wrapped = Object.entries(parts).map(([name, part]) => {
    if (typeof part !== "function") return [name, part];
    const call = part as (...args: unknown[]) => unknown;
    return [
      name,
      (...args: unknown[]) => {
        onCall();
        const result = call(...args);
        if (!(result instanceof Promise)) return result;
        return result.then((value: unknown) => {
          onCall();
          return value;
        });
      },
    ];
  });
  return Object.fromEntries(wrapped) as T;
}
