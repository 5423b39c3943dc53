import type { Store } from "./store.ts";

const bits = new DataView(new ArrayBuffer(8));

/** The next float above a positive one. */
function nextAbove(value: number): number {
  bits.setFloat64(0, value);
  bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
  return bits.getFloat64(0);
}

/** Commit timestamps and creation times: wall-clock, never going back, not even over a restart. */
export class Clock {
  private readonly store: Store;
  private readonly wall: () => number;
  private lastTs: bigint;
  private lastCreation = 0;

  constructor(store: Store, wall: () => number) {
    this.store = store;
    this.wall = wall;
    this.lastTs = BigInt(store.meta("ts") ?? "0");
    this.lastCreation = Number(this.lastTs / 1_000_000n);
  }

  /** Milliseconds now. */
  ms(): number {
    return this.wall();
  }

  /** The latest commit's timestamp, in nanoseconds. */
  latest(): bigint {
    return this.lastTs;
  }

  /** The `_creationTime` of the next document of a transaction that began at `ms`. */
  creationTime(ms: number): number {
    this.lastCreation = ms > this.lastCreation ? ms : nextAbove(this.lastCreation);
    return this.lastCreation;
  }

  /** The timestamp for the commit under way, written with it. */
  stamp(): bigint {
    const now = BigInt(Math.floor(this.wall())) * 1_000_000n;
    const ts = now > this.lastTs ? now : this.lastTs + 1n;
    this.store.setMeta("ts", ts.toString());
    return ts;
  }

  /** To be called when the commit that carries `ts` has become durable. */
  committed(ts: bigint): void {
    this.lastTs = ts;
  }
}
