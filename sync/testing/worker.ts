/** One life of the background over a database that outlives it: a drain whose surroundings a test holds in its hands. */
import { type Backoff, NO_BACKOFF } from "../backoff";
import type { SyncDatabase } from "../database";
import { Drain, type DrainDeps, type DrainNews } from "../drain";
import type { Upload } from "../upload";

/** What outlives a worker: storage, clock, alarm and who is signed in. */
export class World {
  now = 1_000_000;
  random = 0.5;
  person: string | null = "user_me";
  deployment = "https://a.convex.cloud";
  backoff: Backoff = NO_BACKOFF;
  /** When the alarm goes off, or null. */
  alarm: number | null = null;
  /** Timers of the living worker. */
  timers: { work: () => void; ms: number }[] = [];
  news: DrainNews[] = [];

  /** A drain as a new worker builds it. */
  startWorker(getDatabase: () => Promise<SyncDatabase>, upload: Upload): Drain {
    this.timers = [];
    const deps: DrainDeps = {
      getDatabase,
      upload,
      getOwner: () => Promise.resolve(this.person),
      getDeployment: () => Promise.resolve(this.deployment),
      backoff: {
        getValue: () => Promise.resolve(this.backoff),
        setValue: (backoff) => Promise.resolve(void (this.backoff = backoff)),
      },
      alarm: {
        ensure: (at) => Promise.resolve(void (this.alarm ??= at)),
        replace: (at) => Promise.resolve(void (this.alarm = at)),
        clear: () => Promise.resolve(void (this.alarm = null)),
      },
      alone: (work) => work(),
      later: (work, ms) => void this.timers.push({ work, ms }),
      report: (news) => Promise.resolve(void this.news.push(news)),
      now: () => this.now,
      random: () => this.random,
    };
    return new Drain(deps);
  }
}
