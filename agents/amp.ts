import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Part,
  type Readings,
  type Tokens,
} from "./agent";
import { sessionOn } from "./shared/address";
import { svelteKitData } from "./shared/devalue";
import { asNumber, asRecord, asRecords, asString, compact, parseJson, toJson } from "./shared/json";
import { GUESSED_MESSAGES, guessedPage } from "./shared/page-guess";
import { filePart, textParts, uniqueByKey, unknownPart } from "./shared/parts";
import { siteMatch } from "./shared/site";

type Json = Record<string, unknown>;

const HOST = /^(?:www\.)?ampcode\.com$/;
const THREAD = "^/api/(?:internal/)?threads/(T-[\\w-]+)(?:\\?|$)";
const PAGE_DATA = "^/threads/(T-[\\w-]+)/__data\\.json(?:\\?|$)";

function readTokens(usage: Json | undefined): Tokens | undefined {
  if (!usage) return undefined;
  const tokens = compact({
    input: asNumber(usage.inputTokens),
    output: asNumber(usage.outputTokens),
    cacheRead: asNumber(usage.cacheReadInputTokens),
    cacheWrite: asNumber(usage.cacheCreationInputTokens),
  });
  return Object.keys(tokens).length > 0 ? tokens : undefined;
}

function readResult(part: Json): Part {
  const run = asRecord(part.run) ?? {};
  const output = run.result ?? run.error ?? part.content;
  const status = asString(run.status);
  return compact({
    type: "tool-result" as const,
    toolCallId: asString(part.toolUseID) ?? asString(part.tool_use_id) ?? "",
    output: asString(output) ?? (output === undefined ? "" : toJson(output)),
    isError: status === "error" || part.is_error === true || undefined,
    metadata: status === undefined ? undefined : toJson({ status }),
  });
}

function readPart(part: Json): Part[] {
  switch (part.type) {
    case "text":
      return textParts(part.text);
    case "thinking":
      return textParts(part.thinking, "reasoning");
    case "tool_use":
      return [
        {
          type: "tool-call",
          toolCallId: asString(part.id) ?? "",
          toolName: asString(part.name) ?? "",
          input: toJson(part.input ?? {}),
        },
      ];
    case "tool_result":
      return [readResult(part)];
    case "image": {
      const source = asRecord(part.source);
      return [filePart({ name: part.sourcePath, mediaType: source?.mediaType, url: source?.url })];
    }
    default:
      return [unknownPart(asString(part.type) ?? "part", part)];
  }
}

function readMessage(message: Json): MessageReading[] {
  const number = asNumber(message.messageId);
  if (number === undefined) return [];
  const content = asRecords(message.content);
  const isUser = message.role === "user";
  const isTool = isUser && content.length > 0 && content.every((p) => p.type === "tool_result");
  const state = asRecord(message.state);
  const usage = asRecord(message.usage);
  const kind = asString(state?.type);
  const isOver = isUser || kind === undefined || kind === "complete" || kind === "cancelled";
  return [
    compact({
      key: String(number),
      role: isTool ? ("tool" as const) : isUser ? ("user" as const) : ("assistant" as const),
      position: number,
      state: isOver || kind === "error" ? ("final" as const) : ("partial" as const),
      model: asString(usage?.model),
      tokens: readTokens(usage),
      createdAt: asNumber(asRecord(message.meta)?.sentAt),
      finish: asString(state?.stopReason) ?? (kind === "cancelled" ? kind : undefined),
      error: kind === "error" ? { name: kind, message: asString(state?.message) ?? "" } : undefined,
      parts: content.flatMap(readPart),
    } satisfies MessageReading),
  ];
}

/** The thread, which may lie in what the answer says besides. */
function threadIn(value: unknown, key: string): Json | undefined {
  const body = asRecord(value);
  return [body, asRecord(body?.thread), asRecord(body?.data)].find(
    (thread) => thread?.id === key && Array.isArray(thread.messages),
  );
}

function readThread(thread: Json, key: string): Readings {
  const found = uniqueByKey(asRecords(thread.messages).flatMap(readMessage));
  const messages = found
    .sort((a, b) => a.position - b.position)
    .map((message, at) => compact({ ...message, parentKey: found[at - 1]?.key }));
  const env = asRecord(asRecord(thread.env)?.initial);
  const tree = asRecords(env?.trees)[0];
  const session = compact({
    agent: "amp",
    key,
    url: `https://ampcode.com/threads/${key}`,
    title: asString(thread.title) || undefined,
    projectName: asString(tree?.displayName),
    activeLeafKey: messages.at(-1)?.key,
    createdAt: asNumber(thread.created),
  });
  return [{ session, messages }];
}

function readApi(observation: Observation): Readings {
  const key = siteMatch(observation, HOST, new RegExp(THREAD))?.[1];
  const thread = key === undefined ? undefined : threadIn(parseJson(observation.body), key);
  return key && thread ? readThread(thread, key) : null;
}

/** What SvelteKit fetches when a thread is opened from another page of the site. */
function readPageData(observation: Observation): Readings {
  const key = siteMatch(observation, HOST, new RegExp(PAGE_DATA))?.[1];
  if (key === undefined) return null;
  const thread = svelteKitData(observation.body)
    .map((node) => threadIn(node, key))
    .find((found) => found !== undefined);
  return thread ? readThread(thread, key) : null;
}

export const amp = defineAgent({
  id: "amp",
  name: "Amp",
  kind: "coding",
  origins: ["https://ampcode.com/*"],
  session: sessionOn(HOST, /^\/threads\/(T-[\w-]+?)(?:\.md)?(?:\/|$)/),
  taps: [
    { id: "thread", transport: "fetch", method: "GET", path: THREAD, read: readApi },
    { id: "page-data", transport: "fetch", method: "GET", path: PAGE_DATA, read: readPageData },
  ],
  shows: GUESSED_MESSAGES,
  page: guessedPage("fallback"),
  facts: [
    {
      fields: "messages, thinking, tool calls and results, models, tokens, times, title",
      from: "GET /api/threads/{id} and the page's __data.json, in the form that the command line keeps; whether the page asks for either is not known",
      sure: "guess",
      source: "Amp's command line, from memory",
      date: "2026-11-21",
    },
    {
      fields: "messages",
      from: "the page: common attributes and test ids",
      sure: "guess",
      source: "common practice; the page itself was not seen",
      date: "2026-11-21",
    },
  ],
});
