/** What `sessions.record` promises, in memory: upsert by person, session and key; final beats partial; equal content is a no-op. */
import type { RecordResult } from "../../convex/validators";
import type { Batch } from "../outbox";

interface Stored {
  hash: string;
  state: "partial" | "final";
  text: string;
}

/** One deployment. */
export class MemoryServer {
  readonly messages = new Map<string, Stored>();
  readonly headers = new Map<string, Batch["header"]>();
  /** Every message that arrived, as `owner/session/key`, in order. */
  readonly arrivals: string[] = [];
  /** Keys of messages that it refuses. */
  readonly refuses = new Set<string>();

  record({ owner, session, header, rows }: Batch): RecordResult[] {
    const known = this.headers.get(`${owner}/${session}`);
    this.headers.set(`${owner}/${session}`, { ...known, ...header });
    return rows.map(({ key, message: { hash, state, parts } }) => {
      const id = `${owner}/${session}/${key}`;
      this.arrivals.push(id);
      if (this.refuses.has(key)) return { key, outcome: "refused", reason: "No." };
      const stored = this.messages.get(id);
      if (stored?.hash === hash) return { key, outcome: "same" };
      if (stored?.state === "final" && state === "partial") return { key, outcome: "older" };
      const [part] = parts;
      this.messages.set(id, { hash, state, text: part?.type === "text" ? part.text : "" });
      return { key, outcome: "stored" };
    });
  }
}
