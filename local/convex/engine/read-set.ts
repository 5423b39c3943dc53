import type { ReadSet, WriteSet } from "../types.ts";

/** Written by a push or a change of an environment variable: every query must run again. */
export const EVERYTHING = "*";

/** One range of one index that a query has read; `low` inclusive, `high` exclusive, both latin1 text of key bytes. */
export interface ReadRange {
  low: string;
  high: string;
}

/** The name under which reads and writes of one index are matched. */
export function indexName(table: string, index: string): string {
  return `${table}.${index}`;
}

/** What one query read. A commit that wrote inside any of its ranges makes the query run again. */
export class Reads implements ReadSet {
  private readonly ranges = new Map<string, ReadRange[]>();
  private readonly tables = new Set<string>();

  /** Remembers a range; the caller may widen it while it reads on. */
  add(index: string, range: ReadRange): ReadRange {
    const known = this.ranges.get(index);
    if (known) known.push(range);
    else this.ranges.set(index, [range]);
    return range;
  }

  /** A search's ranking depends on the whole table. */
  addTable(table: string): void {
    this.tables.add(table);
  }

  overlaps(write: WriteSet): boolean {
    for (const written of write) {
      if (written === EVERYTHING || this.covers(written)) return true;
    }
    return false;
  }

  private covers(written: string): boolean {
    const end = written.indexOf(":");
    const index = written.slice(0, end);
    if (this.tables.size > 0 && this.tables.has(index.slice(0, index.indexOf(".")))) return true;
    const ranges = this.ranges.get(index);
    if (ranges === undefined) return false;
    const key = written.slice(end + 1);
    return ranges.some((range) => range.low <= key && key < range.high);
  }
}

/** How a write of one index key is told to the read sets. */
export function writtenKey(index: string, key: Buffer): string {
  return `${index}:${key.toString("latin1")}`;
}
