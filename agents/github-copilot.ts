import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Part,
  type Readings,
} from "./agent";
import { sseEvents } from "./shared/frames";
import { asRecord, asRecords, asString, compact, parseJson, toJson } from "./shared/json";
import { filePart, isoTime, sourcePart, textParts, unknownPart } from "./shared/parts";
import { siteMatch } from "./shared/site";
import { readUsage } from "./shared/usage";

type Json = Record<string, unknown>;

/** One host for each kind of subscription, besides the page's own. */
const HOST = "^api\\.(?:[\\w-]+\\.)?githubcopilot\\.com$";
const PATH = "^/github/chat/threads/([\\w-]+)/messages(\\?|$)";

/** Events of the stream that only steer the page. */
const BOOKKEEPING = new Set(["debug", "routedModel", "content", "complete", "agentError", "error"]);

function pageOf(key: string): string {
  return `https://github.com/copilot/c/${key}`;
}

function sessionOf(url: URL): string | null {
  return /^\/copilot\/c\/([\w-]{8,})\/?$/.exec(url.pathname)?.[1] ?? null;
}

function threadOf(observation: Observation): string | undefined {
  return siteMatch(observation, new RegExp(HOST), new RegExp(PATH))?.[1];
}

/** What a message was written from: pages, files and repositories, alone or as a search's results. */
function referenceParts(value: unknown, depth = 0): Part[] {
  const reference = asRecord(value);
  if (!reference || depth > 3) return [];
  const results = asRecords(reference.results);
  if (results.length > 0) return results.flatMap((item) => referenceParts(item, depth + 1));
  const title = reference.title ?? reference.name ?? reference.path;
  const page = sourcePart({
    url: reference.url ?? reference.htmlUrl ?? reference.permalink,
    title,
    snippet: reference.excerpt,
  });
  if (page.length > 0) return page;
  const name = asString(title);
  return name === undefined
    ? [unknownPart(`reference:${asString(reference.type) ?? ""}`, reference)]
    : [filePart({ name, mediaType: reference.mimeType, size: reference.size })];
}

/** A skill that ran for the answer, or a call that the stream tells of. */
function skillParts(skill: Json, id: string): Part[] {
  const toolCallId = asString(skill.id) ?? asString(skill.callId) ?? id;
  const input = skill.arguments ?? skill.args ?? {};
  const call: Part = {
    type: "tool-call",
    toolCallId,
    toolName: asString(skill.slug) ?? asString(skill.name) ?? "skill",
    input: asString(input) ?? toJson(input),
  };
  const isError = skill.status === "failed" || skill.status === "error" || undefined;
  if (skill.status === undefined || skill.status === "started") return [call];
  const output = asString(skill.errorMessage) ?? asString(skill.result) ?? "";
  return [
    call,
    compact({ type: "tool-result" as const, toolCallId, output, isError }),
    ...asRecords(skill.references).flatMap((reference) => referenceParts(reference)),
  ];
}

/** A question stands right before its answer, whose time the stream gives too; one without an answer at its own. */
function readMessages(values: Json[]): MessageReading[] {
  const answeredAt = new Map<string, number>();
  for (const { role, parentMessageID, createdAt } of values) {
    const [asked, time] = [asString(parentMessageID), isoTime(createdAt)];
    if (role !== "assistant" || !asked || time === undefined) continue;
    answeredAt.set(asked, Math.min(time, answeredAt.get(asked) ?? time));
  }
  const keys = new Set(values.map(({ id }) => id));
  return values.flatMap((value, index) => {
    const key = asString(value.id);
    if (!key) return [];
    const isAssistant = value.role === "assistant";
    const createdAt = isoTime(value.createdAt);
    const answered = isAssistant ? undefined : answeredAt.get(key);
    const parent = asString(value.parentMessageID);
    return [
      compact({
        key,
        parentKey: parent !== undefined && keys.has(parent) ? parent : undefined,
        role: isAssistant ? "assistant" : value.role === "user" ? "user" : "unknown",
        position: answered === undefined ? (createdAt ?? index) : answered - 0.5,
        state: "final",
        model: isAssistant ? asString(value.model) : undefined,
        tokens: readUsage(value.usage),
        createdAt,
        error: asString(value.error)
          ? { name: "Error", message: asString(value.error) ?? "" }
          : undefined,
        parts: [
          ...asRecords(value.skillExecutions).flatMap((s, i) => skillParts(s, `${key}:${i}`)),
          ...textParts(value.content),
          ...asRecords(value.references).flatMap((reference) => referenceParts(reference)),
        ],
      } satisfies MessageReading),
    ];
  });
}

function readThread(observation: Observation): Readings {
  const key = threadOf(observation);
  const body = asRecord(parseJson(observation.body));
  if (!key || !Array.isArray(body?.messages)) return null;
  const thread = asRecord(body.thread) ?? {};
  if (asString(thread.id) !== undefined && thread.id !== key) return null;
  const messages = readMessages(asRecords(body.messages));
  const session = compact({
    agent: "github-copilot",
    key,
    title: asString(thread.name) || undefined,
    url: pageOf(key),
    activeLeafKey: messages.at(-1)?.key,
    createdAt: isoTime(thread.createdAt),
    updatedAt: isoTime(thread.updatedAt),
  });
  return [{ session, messages }];
}

/** What the events of a stream add up to. */
function readStream(body: string) {
  const events = sseEvents(body).flatMap(({ data }) => {
    const event = asRecord(parseJson(data));
    return event && typeof event.type === "string" ? [event] : [];
  });
  const last = (type: string): Json | undefined => events.findLast((event) => event.type === type);
  return {
    isStream: events.length > 0,
    text: events
      .map((event) => (event.type === "content" ? (asString(event.body) ?? "") : ""))
      .join(""),
    model: asString(last("routedModel")?.model) ?? asString(last("routedModel")?.name),
    error: last("agentError") ?? last("error"),
    complete: last("complete"),
    calls: events.filter(({ type }) => !BOOKKEEPING.has(String(type))),
  };
}

function callParts(event: Json, id: string): Part[] {
  if (event.type === "functionCall")
    return skillParts({ ...event, id: event.id ?? event.callId }, id);
  return [unknownPart(asString(event.type) ?? "event", event)];
}

/**
 * Only the last event names the messages, so a stream that is cut tells nothing of them; the page then loads the thread again. What the
 * person asked is in the request; the message before it is named there too.
 */
function readTurn(observation: Observation): Readings {
  const thread = threadOf(observation);
  const request = asRecord(parseJson(observation.request ?? ""));
  const stream = readStream(observation.body);
  if (!thread || !request || !stream.isStream) return null;
  const { complete } = stream;
  const key = asString(complete?.id);
  if (!complete || !key) return [];
  const asked = asString(complete.parentMessageID);
  const model = asString(complete.model) ?? stream.model;
  const answer = {
    ...complete,
    role: "assistant",
    content: stream.text || complete.content,
    model,
  };
  const question = { ...request, id: asked, role: "user", createdAt: undefined, model: undefined };
  const messages = readMessages([...(asked ? [question] : []), answer]).map((message) => {
    if (message.key === asked) {
      return compact({ ...message, parentKey: asString(request.parentMessageID) || undefined });
    }
    const calls = stream.calls.flatMap((event, index) => callParts(event, `${key}:${index}`));
    const said = asString(stream.error?.message) ?? asString(stream.error?.body);
    const error = stream.error
      ? { name: String(stream.error.code ?? "Error"), message: said ?? "" }
      : undefined;
    return compact({ ...message, error, parts: [...calls, ...message.parts] });
  });
  const session = compact({
    agent: "github-copilot",
    key: thread,
    url: pageOf(thread),
    activeLeafKey: key,
  });
  return [{ session, messages }];
}

export const githubCopilot = defineAgent({
  id: "github-copilot",
  name: "GitHub Copilot",
  kind: "chat",
  origins: ["https://github.com/*"],
  session: sessionOf,
  shows: '[data-testid="chat-thread"] [class*="ChatMessage-module"]',
  taps: [
    { id: "thread", transport: "fetch", method: "GET", host: HOST, path: PATH, read: readThread },
    {
      id: "turn",
      transport: "fetch",
      method: "POST",
      host: HOST,
      path: PATH,
      request: '"content"',
      read: readTurn,
    },
  ],
  facts: [
    {
      fields: "tree of messages, title, models, times, references, skills",
      from: "GET api.*.githubcopilot.com/github/chat/threads/{id}/messages",
      sure: "good",
      source: "gpt4free GithubCopilot provider; traffic of a page",
      date: "2026-09-23",
    },
    {
      fields: "the running turn: question, answer, model, tokens",
      from: "POST to the same address, server-sent events",
      sure: "good",
      source: "traffic of a page",
      date: "2026-09-23",
    },
    {
      fields: "fields inside skills, references and function calls",
      from: "the same calls",
      sure: "guess",
      source: "from memory of the page of 2025",
      date: "2026-11-21",
    },
  ],
});
