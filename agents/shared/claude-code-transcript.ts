/** The transcripts that Claude Code keeps on disk, one line an event. */
import type { Reading, Readings } from "../agent";
import { linesOf } from "./claude-code-lines";
import { readLog } from "./claude-code-log";
import { asRecord, asString, compact } from "./json";

type Json = Record<string, unknown>;

/** The kinds of line that this format alone has. */
function isTranscriptLine(line: Json): boolean {
  const isTurn = line.type === "user" || line.type === "assistant";
  if (isTurn) return typeof line.sessionId === "string" && asRecord(line.message) !== undefined;
  return line.type === "summary" && typeof line.leafUuid === "string";
}

/** The title that Claude Code gave to the branch that ends in one of these messages, else its word for the session. */
function titleOf(lines: readonly Json[], keys: ReadonlySet<string>): string | undefined {
  const summary = lines.findLast(
    ({ type, leafUuid }) => type === "summary" && keys.has(asString(leafUuid) ?? ""),
  );
  return asString(summary?.summary) ?? lines.map(({ slug }) => asString(slug)).find(Boolean);
}

/** The readings of a file: a session's own lines, and those of sessions that it was continued from under their own ids. */
export function readTranscript(entry: unknown): Readings {
  if (!Array.isArray(entry)) return null;
  const lines = entry.map(asRecord).filter((line) => line !== undefined);
  if (!lines.some(isTranscriptLine)) return null;
  const sessions = new Map<string, Json[]>();
  for (const line of lines) {
    const key = asString(line.sessionId);
    if (!key) continue;
    const found = sessions.get(key);
    if (found) found.push(line);
    else sessions.set(key, [line]);
  }
  return [...sessions].flatMap(([key, own]): Reading[] => {
    const readings = readLog(linesOf(own), { key, isEnd: true, isWhole: true });
    const keys = new Set(own.flatMap(({ uuid }) => asString(uuid) ?? []));
    return readings.map((reading) => {
      if (reading.session.key !== key) return reading;
      const title = titleOf([...lines.filter(({ type }) => type === "summary"), ...own], keys);
      return { ...reading, session: compact({ ...reading.session, title }) };
    });
  });
}
