/** Sessions made of the lines of a Claude Code log: the one that the person talks to, and each sub-agent's. */
import type { MessageReading, Reading, SessionReading } from "../agent";
import { type Context, type Line, modelOf, readLines } from "./claude-code-lines";
import { items } from "./claude-content";
import { asNumber, asRecord, asString, compact } from "./json";
import { uniqueByKey } from "./parts";
import { risingPositions } from "./tree";

type Json = Record<string, unknown>;

/** What is known of a log besides its lines. */
export interface Log {
  key: string;
  url?: string;
  /** The last line is the session's newest. */
  isEnd: boolean;
  /** All lines are there, and name their parents. */
  isWhole: boolean;
}

/** The last part of a path, of either kind of system. */
export function folderName(path: string | undefined): string | undefined {
  return path?.split(/[\\/]/).filter(Boolean).at(-1);
}

/** The name of the sub-agent that wrote a line; undefined for the session itself. */
function subAgentOf({ payload }: Line): string | undefined {
  const tool = asString(payload.parent_tool_use_id);
  if (tool) return tool;
  return payload.isSidechain === true ? (asString(payload.agentId) ?? "sidechain") : undefined;
}

/** Which sub-agent a tool call started: the site names sub-agents by the call, the transcript says it in the call's result. */
function subAgentsByCall(lines: readonly Line[]): Map<string, string> {
  const started = new Map<string, string>();
  for (const line of lines) {
    const tool = asString(line.payload.parent_tool_use_id);
    if (tool) started.set(tool, tool);
    const agent = asString(asRecord(line.payload.toolUseResult)?.agentId);
    if (!agent) continue;
    for (const block of items(asRecord(line.payload.message)?.content)) {
      const id = asString(asRecord(block)?.tool_use_id);
      if (id) started.set(id, agent);
    }
  }
  return started;
}

/** Each message after the nearest line above it that is a message too. */
function withParents(messages: MessageReading[], lines: readonly Line[]): MessageReading[] {
  const kept = new Set(messages.map(({ key }) => key));
  const nearest = new Map<string, string | undefined>();
  const parents = new Map<string, string | undefined>();
  for (const { key, payload } of lines) {
    const above = asString(payload.parentUuid) ?? asString(payload.logicalParentUuid);
    const parent = above === undefined ? undefined : nearest.get(above);
    parents.set(key, parent);
    nearest.set(key, kept.has(key) ? key : parent);
  }
  return risingPositions(
    messages.map((message) => compact({ ...message, parentKey: parents.get(message.key) })),
  );
}

/** What the lines say of the session itself. Of older lines only what does not change. */
function headerOf(lines: readonly Line[], log: Log): Partial<SessionReading> {
  const payloads = lines.map(({ payload }) => payload);
  const projectPath = payloads.map((line) => asString(line.cwd)).find((path) => path);
  const times = lines.flatMap(({ time }) => time ?? []);
  const isStart = log.isWhole || lines[0]?.sequence === 1;
  // The site's own description of a session has its beginning and the repository's name.
  const isOnlySource = log.url === undefined;
  const results = payloads.filter(({ type }) => type === "result");
  const durations = results.flatMap((result) => asNumber(result.duration_ms) ?? []);
  const newest = (read: (payload: Json) => string | undefined) =>
    payloads.reduce<string | undefined>((last, payload) => read(payload) ?? last, undefined);
  return {
    projectPath,
    projectName: isOnlySource ? folderName(projectPath) : undefined,
    createdAt: isOnlySource ? times[0] : undefined,
    ...(log.isEnd && {
      model: newest(modelOf),
      updatedAt: times.at(-1),
      // Claude Code counts the cost up over the session.
      cost: asNumber(results.at(-1)?.total_cost_usd),
    }),
    durationMs:
      isStart && log.isEnd && durations.length > 0
        ? durations.reduce((sum, duration) => sum + duration)
        : undefined,
  };
}

function childReading(name: string, lines: Line[], log: Log, context: Context): Reading {
  const messages = uniqueByKey(readLines(lines, context));
  return {
    session: compact({
      agent: "claude-code",
      key: `${log.key}/${name}`,
      url: log.url,
      parentKey: log.key,
      model: log.isEnd ? lines.map(({ payload }) => modelOf(payload)).findLast(Boolean) : undefined,
    }),
    messages: log.isWhole ? withParents(messages, lines) : messages,
  };
}

/** Puts every line to its session. */
function bySubAgent(lines: readonly Line[]): Map<string | undefined, Line[]> {
  const groups = new Map<string | undefined, Line[]>([[undefined, []]]);
  for (const line of lines) {
    const name = subAgentOf(line);
    const group = groups.get(name);
    if (group) group.push(line);
    else groups.set(name, [line]);
  }
  return groups;
}

/** The readings of a log: the session's first, if it has any line of its own, then its sub-agents'. */
export function readLog(lines: Line[], log: Log): Reading[] {
  const started = subAgentsByCall(lines);
  const context: Context = {
    isEnd: log.isEnd,
    childKeyOf(call) {
      const id = asString(call.id) ?? "";
      // Named so on the site before the sub-agent's first line came.
      const isStarting = !log.isWhole && (call.name === "Task" || call.name === "Agent");
      const name = started.get(id) ?? (isStarting ? id : undefined);
      return name && `${log.key}/${name}`;
    },
  };
  const groups = bySubAgent(lines);
  const own = groups.get(undefined) ?? [];
  groups.delete(undefined);
  const messages = uniqueByKey(readLines(own, context));
  const linked = log.isWhole ? withParents(messages, own) : messages;
  const session: SessionReading = compact({
    agent: "claude-code",
    key: log.key,
    url: log.url,
    activeLeafKey: log.isWhole ? linked.at(-1)?.key : undefined,
    ...headerOf(own, log),
  });
  const children = [...groups].map(([name, found]) => childReading(name!, found, log, context));
  return own.length > 0 ? [{ session, messages: linked }, ...children] : children;
}
