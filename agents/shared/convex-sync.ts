/** Convex's sync protocol: what the server's transitions say of the queries that a page follows. */
import { jsonLines } from "./frames";
import { asNumber, asRecord, asRecords, asString, parseJson } from "./json";

/** The transitions that were sent in pieces, where all of their pieces are there. */
function joined(frames: Record<string, unknown>[]): Record<string, unknown>[] {
  const pieces = new Map<string, Map<number, string>>();
  const whole: Record<string, unknown>[] = [];
  for (const frame of frames) {
    if (frame.type !== "TransitionChunk") continue;
    const id = asString(frame.transitionId) ?? "";
    const known = pieces.get(id) ?? new Map<number, string>();
    pieces.set(id, known.set(asNumber(frame.partNumber) ?? 0, asString(frame.chunk) ?? ""));
    if (known.size !== frame.totalParts) continue;
    const text = [...known].sort(([a], [b]) => a - b).map(([, chunk]) => chunk);
    const transition = asRecord(parseJson(text.join("")));
    if (transition) whole.push(transition);
  }
  return whole;
}

/** The new values of queries, in order. Null where no frame is of the protocol. */
export function convexValues(body: string): unknown[] | null {
  const frames = asRecords(jsonLines(body)).filter(({ type }) => typeof type === "string");
  if (frames.length === 0) return null;
  return [...frames, ...joined(frames)].flatMap((frame) =>
    frame.type === "Transition"
      ? asRecords(frame.modifications)
          .filter(({ type }) => type === "QueryUpdated")
          .map(({ value }) => value)
      : [],
  );
}
