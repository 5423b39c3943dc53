/** Grok's responses (its word for a message), as its calls, its streams and its export give them. */
import type { MessageReading, Part } from "../agent";
import { cutBlocks, readSource, readStep } from "./grok-steps";
import { asRecord, asRecords, asString, compact, parseJson } from "./json";
import { filePart, isoTime, sourcePart, textParts, unknownPart } from "./parts";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** Results of searches other than the web's, whose form is not known: kept as they are where they name no page. */
const OTHER_RESULTS = [
  "ragResults",
  "searchProductResults",
  "connectorSearchResults",
  "collectionSearchResults",
  "toolResponses",
];

/** ISO time, or what the export's database writes for one. */
export function grokTime(value: unknown): number | undefined {
  const date = asRecord(value)?.$date;
  const long = asString(asRecord(date)?.$numberLong);
  return long === undefined ? isoTime(date ?? value) : Number(long) || undefined;
}

function readPost(post: Json): Part[] {
  const user = asString(post.username);
  const id = asString(post.postId);
  if (!user || !id) return [];
  const url = `https://x.com/${user}/status/${id}`;
  return sourcePart({ url, title: `@${user}`, snippet: post.text });
}

/** Leaves out what came before: a card is told in a text and as an object, a page by the step and by the answer. */
function unrepeated(parts: Part[]): Part[] {
  const seen = new Set<string>();
  return parts.filter((part) => {
    const id =
      part.type === "source"
        ? part.url
        : part.type === "tool-call" || part.type === "tool-result"
          ? `${part.type} ${part.toolCallId}`
          : undefined;
    if (id === undefined) return true;
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

/** A picture or file by its path: only the name is kept, since the address opens for whoever has signed in. */
function namedFile(path: unknown, mediaType?: unknown): Part[] {
  const name = asString(path)
    ?.replace(/[?#].*$/s, "")
    .split("/")
    .pop();
  return name ? [filePart({ name, mediaType })] : [];
}

/** A card below an answer: JSON in a string. */
function readAttachedCard(value: unknown): Part[] {
  const card = asRecord(typeof value === "string" ? parseJson(value) : value);
  const type = asString(card?.cardType) ?? asString(card?.type) ?? "card";
  if (!card) return [];
  if (/citation/.test(type)) return readSource(card);
  if (/image|file/.test(type)) {
    const image = asRecord(card.image) ?? asRecord(card.file) ?? card;
    const path = image.fileName ?? image.imageUrl ?? image.original ?? image.url ?? image.title;
    return namedFile(path, image.mimeType);
  }
  return [unknownPart(type, withoutSignatures(card))];
}

function readChunk(chunk: Json): Part[] {
  const text = asString(asRecord(chunk.text)?.text) ?? asString(chunk.text);
  if (text !== undefined) return [{ type: "text", text }];
  const [kind = "chunk", value] = Object.entries(chunk)[0] ?? [];
  const file = asRecord(value) ?? {};
  const path = file.fileName ?? file.imageUrl ?? file.url;
  return /image|file/i.test(kind)
    ? namedFile(path, file.mimeType)
    : [unknownPart(kind, withoutSignatures(chunk))];
}

/** Chunks of text that follow each other are one text. */
function joinTexts(parts: Part[]): Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.type === "text" && last?.type === "text") {
      joined[joined.length - 1] = { ...last, text: last.text + part.text };
    } else joined.push(part);
  }
  return joined;
}

/** What was said: `message`, or since 2026-09 chunks. Places where the page draws a card are taken out; the cards are parts. */
function readSaid(response: Json, isUser: boolean): Part[] {
  const message = asString(response.message) ?? "";
  const chunks = asRecords(isUser ? response.inputChunks : response.outputChunks);
  const said: Part[] =
    message === "" ? chunks.flatMap(readChunk) : [{ type: "text", text: message }];
  return joinTexts(said).flatMap((part) =>
    part.type === "text"
      ? textParts(cutBlocks(part.text, "<grok:render", "</grok:render>").rest)
      : [part],
  );
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function readAttachments(response: Json): Part[] {
  const known = asRecords(response.fileAttachmentsMetadata);
  return [
    ...known.map((file) =>
      filePart({ name: file.fileName, mediaType: file.fileMimeType ?? file.mimeType }),
    ),
    ...(known.length > 0 ? [] : listOf(response.fileAttachments).flatMap((id) => namedFile(id))),
    ...listOf(response.imageAttachments).flatMap((image) =>
      namedFile(asRecord(image)?.fileName ?? asRecord(image)?.imageUrl ?? image),
    ),
    ...listOf(response.generatedImageUrls).flatMap((path) => namedFile(path)),
  ];
}

function readSources(response: Json): Part[] {
  return [
    ...asRecords(response.citedWebSearchResults).flatMap(readSource),
    ...asRecords(response.webSearchResults).flatMap(readSource),
    ...asRecords(response.xposts).flatMap(readPost),
    ...OTHER_RESULTS.flatMap((kind) =>
      asRecords(response[kind]).flatMap((result) => {
        const sources = readSource(result);
        return sources.length > 0 ? sources : [unknownPart(kind, withoutSignatures(result))];
      }),
    ),
  ];
}

/** Puts the times of the reasoning as a whole on its first and last part. */
function timedReasoning(parts: Part[], response: Json): Part[] {
  const first = parts.findIndex(({ type }) => type === "reasoning");
  const last = parts.findLastIndex(({ type }) => type === "reasoning");
  return parts.map((part, at) => {
    if (part.type !== "reasoning") return part;
    return compact({
      ...part,
      startedAt: at === first ? grokTime(response.thinkingStartTime) : undefined,
      endedAt: at === last ? grokTime(response.thinkingEndTime) : undefined,
    });
  });
}

function roleOf(sender: unknown): "user" | "assistant" | "unknown" {
  const word = asString(sender)?.toLowerCase() ?? "";
  if (word === "human" || word === "user") return "user";
  // A response that has only begun says nothing of its sender.
  return word === "assistant" || word === "" ? "assistant" : "unknown";
}

/**
 * Creation time; an answer half a millisecond behind, since the site gives prompt and answer one time. Known from the message alone, so that
 * it is the same in a stream and in any chunk of a load.
 */
function positionOf(createdAt: number | undefined, role: string): number {
  return (createdAt ?? 0) + (role === "assistant" ? 0.5 : 0);
}

function errorOf(response: Json): MessageReading["error"] {
  const [error] = asRecords(response.streamErrors);
  return error
    ? {
        name: asString(error.code) ?? asString(error.name) ?? "streamError",
        message: asString(error.message) ?? "",
      }
    : undefined;
}

/** The message that a response is; none without an id. */
export function readResponse(response: Json): MessageReading[] {
  const key = asString(response.responseId);
  if (!key) return [];
  const role = roleOf(response.sender);
  const createdAt = grokTime(response.createTime);
  const metadata = asRecord(response.metadata);
  const request = asRecord(metadata?.request_metadata) ?? asRecord(metadata?.requestMetadata);
  const steps = asRecords(response.steps).flatMap((step, at) => readStep(step, `${key}-${at}`));
  const parts = unrepeated([
    ...timedReasoning(steps, response),
    ...readSaid(response, role === "user"),
    ...readAttachments(response),
    ...readSources(response),
    // Behind the sources, which say more of a page than a card that cites it.
    ...listOf(response.cardAttachmentsJson).flatMap(readAttachedCard),
  ]);
  const error = errorOf(response);
  const isOpen = response.partial === true || (parts.length === 0 && !error);
  return [
    compact({
      key,
      parentKey: asString(response.parentResponseId) || undefined,
      role,
      position: positionOf(createdAt, role),
      state: role === "assistant" && isOpen ? ("partial" as const) : ("final" as const),
      model:
        role === "assistant"
          ? asString(response.model) ||
            asString(request?.model) ||
            asString(request?.modelName) ||
            undefined
          : undefined,
      createdAt,
      error,
      parts,
    }),
  ];
}
