/** The body of a chat request, whichever of the common forms it has: the messages so far and what names their session. */
import type { Part, Role } from "../agent";
import { readAiSdkParts } from "./ai-sdk";
import { parseCut } from "./cut";
import { contentParts, openaiParts, outputText, responseItemParts } from "./generic-content";
import { asRecord, asRecords, asString, compact, parseJson } from "./json";

type Json = Record<string, unknown>;

/** One message that a request repeats. */
export interface RequestMessage {
  /** The page's own id. */
  id?: string;
  role: Role;
  parts: Part[];
}

/** What is read of a chat request. */
export interface ChatRequest {
  /** Oldest first. */
  messages: RequestMessage[];
  /** What the request names the session. */
  sessionId?: string;
  model?: string;
  /** The earlier messages lie on the server, the last of them under this id; only the newest are here. */
  previousId?: string;
  /** The messages have roles, so that this is a chat and nothing else. */
  isCertain: boolean;
  /** The answer is asked for in pieces. */
  isStreamed: boolean;
}

const ROLES: Record<string, Role> = {
  user: "user",
  human: "user",
  assistant: "assistant",
  ai: "assistant",
  model: "assistant",
  system: "system",
  developer: "system",
  tool: "tool",
  function: "tool",
};

/** Names under which pages send the id of their session. */
const SESSION_NAMES = [
  "conversation_id",
  "conversationId",
  "chat_id",
  "chatId",
  "thread_id",
  "threadId",
  "session_id",
  "sessionId",
];

/** As long as any id that is one. */
const MAX_ID = 200;

function idOf(value: unknown): string | undefined {
  const id = typeof value === "number" ? String(value) : asString(value);
  return id !== undefined && id.trim() !== "" && id.length <= MAX_ID ? id : undefined;
}

function partsOf(message: Json, role: Role): Part[] {
  if (Array.isArray(message.parts)) return readAiSdkParts(message);
  // deep-chat's own form has `text`.
  const content = message.content ?? message.text;
  if (role !== "tool" || message.tool_call_id === undefined) {
    return openaiParts({ ...message, content });
  }
  const toolCallId = asString(message.tool_call_id) ?? "";
  return [{ type: "tool-result", toolCallId, output: outputText(content) }];
}

/** Anthropic's results of tools come in a message of the person; here they are the tool's. */
function splitResults(message: RequestMessage): RequestMessage[] {
  if (message.role !== "user") return [message];
  const results = message.parts.filter(({ type }) => type === "tool-result");
  const rest = message.parts.filter(({ type }) => type !== "tool-result");
  if (results.length === 0) return [message];
  const tool: RequestMessage = { role: "tool", parts: results };
  return rest.length > 0 ? [tool, { ...message, parts: rest }] : [tool];
}

function readMessage(value: Json): RequestMessage[] {
  const role = ROLES[asString(value.role)?.toLowerCase() ?? ""];
  if (role === undefined) return [];
  return splitResults(compact({ id: idOf(value.id), role, parts: partsOf(value, role) }));
}

/** Items of OpenAI's Responses: what the assistant did between two others is one message. */
function readItems(items: Json[]): RequestMessage[] {
  const messages: RequestMessage[] = [];
  for (const item of items) {
    const parts = responseItemParts(item);
    const [message] = parts === null ? readMessage(item) : [];
    const isResult = String(item.type).endsWith("_output");
    const next: RequestMessage | undefined =
      parts === null ? message : { role: isResult ? "tool" : "assistant", parts };
    const last = messages.at(-1);
    if (!next) continue;
    if (last && last.role === next.role && next.role !== "user") last.parts.push(...next.parts);
    else messages.push(next);
  }
  return messages;
}

function systemOf(body: Json): RequestMessage[] {
  const parts = contentParts(body.system ?? body.instructions);
  return parts.length > 0 ? [{ role: "system", parts }] : [];
}

function messagesOf(body: Json): RequestMessage[] {
  const { messages, input, prompt } = body;
  if (Array.isArray(messages)) return asRecords(messages).flatMap(readMessage);
  if (Array.isArray(input)) return readItems(asRecords(input));
  const text = asString(input) ?? asString(prompt);
  return text === undefined ? [] : [{ role: "user", parts: contentParts(text) }];
}

/** The AI SDK names its chat `id`, and only there messages have ids or parts; elsewhere that is the id of the request. */
function sessionIdOf(body: Json): string | undefined {
  const conversation = asRecord(body.conversation)?.id ?? body.conversation;
  const named = SESSION_NAMES.map((name) => idOf(body[name])).find((id) => id !== undefined);
  const isAiSdk = asRecords(body.messages).some(({ id, parts }) => idOf(id) ?? parts);
  return named ?? idOf(conversation) ?? (isAiSdk ? idOf(body.id) : undefined);
}

/** A request that was cut, by an image in it, up to the last piece that is whole. */
function parseBody(text: string): Json | undefined {
  return asRecord(parseJson(text) ?? parseCut(text, 4) ?? parseCut(text, 2));
}

/** Reads a request; null where it is none of a chat. */
export function readChatRequest(text: string): ChatRequest | null {
  const body = parseBody(text);
  if (!body) return null;
  const messages = [...systemOf(body), ...messagesOf(body)].filter(({ parts }) => parts.length > 0);
  if (!messages.some(({ role }) => role !== "system")) return null;
  return compact({
    messages,
    sessionId: sessionIdOf(body),
    model: asString(body.model),
    previousId: idOf(body.previous_response_id),
    isCertain: asRecords(body.messages ?? body.input).some(({ role }) => typeof role === "string"),
    isStreamed: body.stream === true,
  });
}
