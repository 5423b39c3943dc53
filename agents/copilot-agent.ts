import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Part,
  type Readings,
  type SessionReading,
} from "./agent";
import { asNumber, asRecord, asRecords, asString, compact, parseJson, toJson } from "./shared/json";
import { isoTime, textParts } from "./shared/parts";
import { siteMatch } from "./shared/site";

type Json = Record<string, unknown>;

const HOST = "^api\\.(?:[\\w-]+\\.)?githubcopilot\\.com$";
const ID = "[\\w-]{8,}";

function sessionOf(url: URL): string | null {
  const path = new RegExp(
    `^/(?:[^/]+/[^/]+/(?:pull/\\d+/agent-sessions|tasks|agents/sessions)|copilot/(?:tasks|agents))/(${ID})/?$`,
  );
  return path.exec(url.pathname)?.[1] ?? null;
}

function requestedKey(observation: Observation, rest: string): string | undefined {
  const path = new RegExp(`^/agents/sessions/(${ID})${rest}(?:\\?|$)`);
  return siteMatch(observation, new RegExp(HOST), path)?.[1];
}

/** The page's own address where it shows this session, and the repository that it lies under. */
function header(key: string, observation: Observation): SessionReading {
  const page = URL.parse(observation.pageUrl);
  const repository = /^\/([^/]+\/[^/]+)\/(?:pull|tasks|agents)\//.exec(page?.pathname ?? "")?.[1];
  return compact({
    agent: "copilot-agent",
    key,
    url: page && sessionOf(page) === key ? page.origin + page.pathname : undefined,
    projectName: repository,
  });
}

function readSession(observation: Observation): Readings {
  const key = requestedKey(observation, "");
  const body = asRecord(parseJson(observation.body));
  if (!key || !body || asString(body.id) !== key) return null;
  const createdAt = isoTime(body.created_at);
  const completedAt = isoTime(body.completed_at);
  const isEnded = createdAt !== undefined && completedAt !== undefined;
  const owner = body.user_id ?? body.owner_id;
  const session: SessionReading = compact({
    ...header(key, observation),
    title: asString(body.name) || undefined,
    account: owner === undefined || owner === null ? undefined : String(owner),
    model: asString(body.model) || undefined,
    durationMs: isEnded ? completedAt - createdAt : undefined,
    createdAt,
    updatedAt: isoTime(body.last_updated_at),
  });
  return [{ session, messages: [] }];
}

/** One message of the log: its lines with one id. */
interface Entry {
  key: string;
  role: string;
  model?: string;
  createdAt?: number;
  finish?: string;
  parts: Part[];
}

/** A call, and once it ended its result, which is the content of the line that repeats the call. */
function addCall(entry: Entry, call: Json, content: string): void {
  const named = asRecord(call.function) ?? {};
  const toolCallId = asString(call.id) || `${entry.key}:${entry.parts.length}`;
  const isSame = (part: Part): boolean => "toolCallId" in part && part.toolCallId === toolCallId;
  const input = asString(named.arguments) ?? toJson(named.arguments ?? {});
  if (!entry.parts.some(isSame)) {
    entry.parts.push({
      type: "tool-call",
      toolCallId,
      toolName: asString(named.name) ?? "",
      input,
    });
  }
  if (content === "" || entry.parts.some((p) => p.type === "tool-result" && isSame(p))) return;
  entry.parts.push({ type: "tool-result", toolCallId, output: content });
}

function addChoice(entry: Entry, choice: Json): void {
  const delta = asRecord(choice.delta) ?? {};
  const content = asString(delta.content) ?? "";
  const calls = asRecords(delta.tool_calls);
  entry.parts.push(...textParts(delta.reasoning_text, "reasoning"));
  for (const call of calls) addCall(entry, call, content);
  if (calls.length === 0) entry.parts.push(...textParts(content));
  entry.finish = asString(choice.finish_reason) || entry.finish;
  entry.role = asString(delta.role) || entry.role;
}

/** The log's entries in order. A line that comes twice counts once; one without an id is a message of its own. */
function readEntries(text: string): Entry[] | null {
  const entries = new Map<string, Entry>();
  const lines = new Set(text.split("\n").filter((line) => line.startsWith("data:")));
  let isLog = false;
  for (const line of lines) {
    const chunk = asRecord(parseJson(line.slice(5)));
    if (chunk?.object !== "chat.completion.chunk") continue;
    isLog = true;
    const key = asString(chunk.id) || `entry-${entries.size}`;
    const created = asNumber(chunk.created);
    const entry = entries.get(key) ?? { key, role: "", parts: [] };
    entry.model ??= asString(chunk.model) || undefined;
    entry.createdAt ??= created !== undefined && created > 0 ? created * 1000 : undefined;
    entries.set(key, entry);
    for (const choice of asRecords(chunk.choices)) addChoice(entry, choice);
  }
  return isLog ? [...entries.values()] : null;
}

function readLog(observation: Observation): Readings {
  const key = requestedKey(observation, "/logs");
  if (!key) return null;
  // A session that has just begun has an empty log.
  if (observation.body.trim() === "") return [];
  const kept = readEntries(observation.body)?.filter(
    ({ parts, finish }) => parts.length > 0 || finish,
  );
  if (!kept) return null;
  const messages = kept.map((entry, index): MessageReading => {
    const isUser = entry.role === "user";
    const isCut = observation.isTruncated && index === kept.length - 1;
    return compact({
      key: entry.key,
      parentKey: kept[index - 1]?.key,
      role: isUser ? "user" : entry.role === "system" ? "system" : "assistant",
      position: index,
      state: isCut ? "partial" : "final",
      model: isUser ? undefined : entry.model,
      createdAt: entry.createdAt,
      finish: entry.finish,
      parts: entry.parts,
    } satisfies MessageReading);
  });
  const session = compact({
    ...header(key, observation),
    activeLeafKey: messages.at(-1)?.key,
    model: kept.findLast(({ model }) => model)?.model,
  });
  return [{ session, messages }];
}

export const copilotAgent = defineAgent({
  id: "copilot-agent",
  name: "GitHub Copilot coding agent",
  kind: "coding",
  origins: ["https://github.com/*"],
  session: sessionOf,
  taps: [
    {
      id: "session",
      transport: "fetch",
      method: "GET",
      host: HOST,
      path: `^/agents/sessions/${ID}(\\?|$)`,
      read: readSession,
    },
    {
      id: "log",
      transport: "fetch",
      method: "GET",
      host: HOST,
      path: `^/agents/sessions/${ID}/logs(\\?|$)`,
      read: readLog,
    },
  ],
  facts: [
    {
      fields: "messages, reasoning, tool calls and results, models",
      from: "GET api.*.githubcopilot.com/agents/sessions/{id}/logs",
      sure: "good",
      source:
        "cli/cli agent-task at 48d6cbb (MIT); that the page asks the same is likely, not seen",
      date: "2026-10-01",
    },
    {
      fields: "title, times, account",
      from: "GET api.*.githubcopilot.com/agents/sessions/{id}",
      sure: "good",
      source: "cli/cli agent-task at 48d6cbb (MIT)",
      date: "2026-10-01",
    },
    {
      fields: "which page shows a session",
      from: "addresses in documentation",
      sure: "guess",
      source: "GitHub's documentation and blog",
      date: "2026-09-01",
    },
  ],
});
