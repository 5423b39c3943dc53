/** The conversations of Hugging Face's chat-ui: a tree of messages whose updates tell what was done for an answer, in today's and in older forms. */
import type { MessageReading, Part } from "../agent";
import { asRecord, asRecords, asString, compact, toJson } from "./json";
import { filePart, isoTime, sourcePart, textParts, unknownPart } from "./parts";
import { risingPositions } from "./tree";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** Updates whose content is in the message itself, or that only steer the page. */
const BOOKKEEPING = new Set(
  "status stream title finalAnswer routerMetadata routerReasoning debug error".split(" "),
);

function resultText(value: unknown): string {
  const result = asRecord(value);
  const outputs = result?.outputs ?? result?.output ?? result?.message ?? value;
  return asString(outputs) ?? toJson(withoutSignatures(outputs ?? ""));
}

/** A call, or its result, its error, or its progress, under the names of today (`subtype`) and of before (`messageType`). */
function toolParts(update: Json): Part[] {
  const toolCallId = asString(update.uuid) ?? "";
  const kind = update.subtype ?? update.messageType;
  const call = asRecord(update.call);
  if (kind === "call" || kind === "parameters") {
    const input = toJson(call?.parameters ?? update.parameters ?? {});
    const toolName = asString(call?.name) ?? asString(update.name) ?? "tool";
    return [{ type: "tool-call", toolCallId, toolName, input }];
  }
  if (kind === "result" || kind === "message") {
    const result = asRecord(update.result);
    const isError = result?.status === "error" || result?.status === 1 || undefined;
    const output = resultText(update.result ?? update.message);
    return [compact({ type: "tool-result" as const, toolCallId, output, isError })];
  }
  if (kind === "error") {
    return [{ type: "tool-result", toolCallId, output: resultText(update.message), isError: true }];
  }
  return kind === "eta" || kind === "progress" ? [] : [unknownPart(`tool:${String(kind)}`, update)];
}

/** A search of the older servers: what it did step by step, and the pages that it used. */
function searchParts(update: Json): Part[] {
  const sources = asRecords(update.sources);
  return sources.flatMap((source) =>
    sourcePart({ url: source.link ?? source.url, title: source.title }),
  );
}

function updateParts(update: Json): Part[] {
  const type = asString(update.type) ?? "update";
  if (BOOKKEEPING.has(type) || type === "reasoning") return [];
  if (type === "tool") return toolParts(update);
  if (type === "webSearch") return searchParts(update);
  if (type === "file") return [filePart({ name: update.name, mediaType: update.mime })];
  return [unknownPart(type, update)];
}

/** Reasoning stands in a field, in updates, or between tags in the text. */
function saidParts(message: Json, updates: Json[]): Part[] {
  const streamed = updates
    .filter(({ type, subtype }) => type === "reasoning" && subtype !== "status")
    .map(({ token }) => asString(token) ?? "")
    .join("");
  const content = asString(message.content) ?? "";
  const text: Part[] = [];
  let from = 0;
  for (const found of content.matchAll(/<think>([^]*?)(?:<\/think>|$)/g)) {
    text.push(...textParts(content.slice(from, found.index).trim()));
    text.push(...textParts(found[1]?.trim(), "reasoning"));
    from = found.index + found[0].length;
  }
  const rest = content.slice(from);
  const reasoning = textParts(asString(message.reasoning) || streamed, "reasoning");
  return [...reasoning, ...text, ...textParts(from === 0 ? rest : rest.trim())];
}

function readError(updates: Json[]): MessageReading["error"] {
  const failed = updates.find(
    ({ type, status }) => type === "error" || (type === "status" && status === "error"),
  );
  if (!failed) return undefined;
  return { name: asString(failed.name) ?? "Error", message: asString(failed.message) ?? "" };
}

function readMessage(message: Json, index: number, model: string | undefined): MessageReading[] {
  const key = asString(message.id);
  if (!key || message.from === "system") return [];
  const isAssistant = message.from === "assistant";
  const updates = asRecords(message.updates);
  const router = asRecord(message.routerMetadata);
  const parts = [...updates.flatMap(updateParts), ...saidParts(message, updates)];
  const isEnded =
    parts.length > 0 || updates.some(({ type }) => type === "finalAnswer" || type === "error");
  const createdAt = isoTime(message.createdAt);
  const ancestors: unknown[] = Array.isArray(message.ancestors) ? message.ancestors : [];
  return [
    compact({
      key,
      parentKey: asString(ancestors.at(-1)),
      role: isAssistant ? "assistant" : message.from === "user" ? "user" : "unknown",
      position: createdAt ?? index,
      state: isAssistant && !isEnded && message.interrupted !== true ? "partial" : "final",
      model: isAssistant ? (asString(router?.model) ?? model) : undefined,
      provider: isAssistant ? asString(router?.provider) : undefined,
      createdAt,
      completedAt: isAssistant ? isoTime(message.updatedAt) : undefined,
      finish: message.interrupted === true ? "interrupted" : undefined,
      error: readError(updates),
      parts: [
        ...asRecords(message.files).map(({ name, mime }) => filePart({ name, mediaType: mime })),
        ...parts,
      ],
    } satisfies MessageReading),
  ];
}

/** The messages of a conversation. The system's, the root of each tree, is not shown and left out. */
export function readChatUiMessages(values: Json[], model: string | undefined): MessageReading[] {
  const messages = values.flatMap((value, index) => readMessage(value, index, model));
  const keys = new Set(messages.map(({ key }) => key));
  const linked = messages.map(({ parentKey, ...message }) =>
    compact({ ...message, parentKey: keys.has(parentKey ?? "") ? parentKey : undefined }),
  );
  return risingPositions(linked);
}
