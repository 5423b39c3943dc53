/** A conversation of claude.ai as its API and its official export give it. */
import type { MessageReading, Part, Reading } from "../agent";
import { contentParts, items } from "./claude-content";
import { asRecord, asString, compact } from "./json";
import { filePart, isoTime, textParts, uniqueByKey, unknownPart } from "./parts";
import { lastLeaf, risingPositions } from "./tree";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** The parent of every first message. */
const ROOT = "00000000-0000-4000-8000-000000000000";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text has the form of the site's ids. */
export function isUuid(text: string | undefined): text is string {
  return text !== undefined && UUID.test(text);
}

/**
 * Order among the messages. Ids that the client chooses hold their time (UUID version 7), which a live turn knows as well as a later load;
 * of others the time of creation, which only a load knows.
 */
export function positionOf(key: string, createdAt: number | undefined, index: number): number {
  const isTimed = UUID.exec(key)?.[1] === "7";
  return isTimed ? parseInt(key.slice(0, 8) + key.slice(9, 13), 16) : (createdAt ?? index);
}

/** A text that was pasted or read out of a file, whole, under the file's name. */
function attachmentParts(value: unknown): Part[] {
  const attachment = asRecord(value) ?? {};
  const name = asString(attachment.file_name) || undefined;
  const text = asString(attachment.extracted_content) ?? "";
  const file = filePart({
    name,
    // Older ones have the name's ending here.
    mediaType: asString(attachment.file_type)?.includes("/") ? attachment.file_type : undefined,
    size: attachment.file_size,
  });
  return [file, ...textParts(text && name ? `${name}\n\n${text}` : text)];
}

/** An uploaded file. The request of a live turn gives only its id. */
function uploadPart(value: unknown): Part {
  const file = asRecord(value) ?? {};
  return filePart({
    name: asString(file.file_name) || undefined,
    mediaType: file.mime_type,
    size: file.size_bytes ?? file.file_size,
  });
}

function uploadsOf({ files, files_v2: newer }: Json): unknown[] {
  const named = new Map<unknown, unknown>();
  for (const file of [...items(files), ...items(newer)]) {
    const { file_uuid: id, file_name: name } = asRecord(file) ?? {};
    named.set(id ?? name ?? file, file);
  }
  return [...named.values()];
}

function syncParts(value: unknown): Part[] {
  const source = asRecord(value) ?? {};
  const name = source.name ?? asRecord(source.status)?.name ?? asRecord(source.config)?.name;
  return typeof name === "string"
    ? [filePart({ name })]
    : [unknownPart("sync-source", withoutSignatures(source))];
}

/** The parts of a message: what was attached, then what was written. */
export function messageParts(message: Json, key: string): Part[] {
  const written = contentParts(message.content, key);
  return [
    ...items(message.attachments).flatMap(attachmentParts),
    ...uploadsOf(message).map(uploadPart),
    ...items(message.sync_sources).flatMap(syncParts),
    // What the model was told of the messages before, when they had become too many.
    ...textParts(message.compaction_summary, "reasoning"),
    ...(written.length > 0 ? written : textParts(message.text)),
  ];
}

function readMessage(value: unknown, index: number): MessageReading[] {
  const message = asRecord(value);
  const key = asString(message?.uuid);
  if (!message || !key) return [];
  const { sender } = message;
  const createdAt = isoTime(message.created_at);
  const parentKey = asString(message.parent_message_uuid);
  const finish = asString(message.stop_reason);
  return [
    compact({
      key,
      parentKey: parentKey === ROOT ? undefined : parentKey,
      role: sender === "human" ? "user" : sender === "assistant" ? "assistant" : "unknown",
      position: positionOf(key, createdAt, index),
      state: "final",
      createdAt,
      finish,
      error: finish === "error" ? { name: "error", message: "" } : undefined,
      parts: messageParts(message, key),
    } satisfies MessageReading),
  ];
}

/** The messages with only parents that are there; where the export gives no parents at all, each follows the one before. */
export function linked(messages: MessageReading[], hasParents: boolean): MessageReading[] {
  const keys = new Set(messages.map(({ key }) => key));
  const whole = messages.map((message, index) => {
    if (!hasParents) return compact({ ...message, parentKey: messages[index - 1]?.key });
    const { parentKey } = message;
    return compact({
      ...message,
      parentKey: parentKey !== undefined && keys.has(parentKey) ? parentKey : undefined,
    });
  });
  return risingPositions(whole);
}

/** Where a conversation was read. */
export interface ClaudePlace {
  origin: string;
  account?: string;
  /** From the site itself, which says or implies which branch it shows; an export does neither. */
  isFromSite: boolean;
}

/** The session of a conversation's JSON; null where it is none. */
export function readConversation(value: unknown, place: ClaudePlace): Reading | null {
  const conversation = asRecord(value);
  const key = asString(conversation?.uuid);
  const found = conversation?.chat_messages;
  if (!conversation || !isUuid(key) || !Array.isArray(found)) return null;
  const hasParents = found.some((message) => asString(asRecord(message)?.parent_message_uuid));
  const messages = linked(uniqueByKey(found.flatMap(readMessage)), hasParents);
  const leaf = asString(conversation.current_leaf_message_uuid);
  const isKnownLeaf = messages.some((message) => message.key === leaf);
  const project = asString(conversation.project_uuid);
  return compact({
    session: compact({
      agent: "claude",
      key,
      title: asString(conversation.name)?.trim() || undefined,
      url: `${place.origin}/chat/${key}`,
      activeLeafKey: isKnownLeaf ? leaf : place.isFromSite ? lastLeaf(messages) : undefined,
      account: place.account,
      projectPath: project && `/project/${project}`,
      projectName: asString(asRecord(conversation.project)?.name),
      model: asString(conversation.model),
      createdAt: isoTime(conversation.created_at),
      updatedAt: isoTime(conversation.updated_at),
    }),
    messages,
    isTemporary: conversation.is_temporary === true ? (true as const) : undefined,
  });
}
