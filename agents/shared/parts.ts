/** Parts and fields of messages that many agents give in the same forms. */
import type { MessageReading, Part } from "../agent";
import { asNumber, asString, compact, toJson } from "./json";
import { withoutSignatures } from "./unsigned";

/** Longest raw JSON that is kept of a part whose kind is not known. */
const MAX_UNKNOWN_CHARS = 32 * 1024;

/** What the site sends and the reader does not know: kept as it is, but for what lets others in, so that nothing is lost. */
export function unknownPart(kind: string, value: unknown): Part {
  return {
    type: "unknown",
    kind,
    json: toJson(withoutSignatures(value)).slice(0, MAX_UNKNOWN_CHARS),
  };
}

/** A text part; none for an empty text. */
export function textParts(text: unknown, type: "text" | "reasoning" = "text"): Part[] {
  const string = asString(text) ?? "";
  return string.trim() === "" ? [] : [{ type, text: string }];
}

/** Unix ms of an ISO time. A time without a zone is taken as UTC. */
export function isoTime(value: unknown): number | undefined {
  const text = asString(value);
  if (text === undefined || !/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  const time = Date.parse(
    /(?:Z|[+-]\d\d:?\d\d)$/.test(text) || text.length <= 10 ? text : `${text}Z`,
  );
  return Number.isFinite(time) ? time : undefined;
}

/** Unix ms of seconds, which may be a fraction. */
export function secondsTime(value: unknown): number | undefined {
  const seconds = asNumber(value);
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** An address that is lasting and public; undefined for any other: a query or a fragment may hold a signature or a token. */
export function publicUrl(value: unknown): string | undefined {
  const text = asString(value);
  return text !== undefined && /^https?:\/\/[^\s?#]+$/.test(text) ? text : undefined;
}

/** Names of parameters that sign, or that let whoever has the link in. */
const SECRET_PARAMETER =
  /[?&#](?:x-amz-|x-goog-|sig(?:nature)?=|se=|token=|access_token=|key=|api_?key=|auth=|expires=|policy=|credential=|st=|hmac=)/i;

/** A link that an answer cites: with its query, unless that signs something. */
export function sourcePart(source: { url: unknown; title?: unknown; snippet?: unknown }): Part[] {
  const url = asString(source.url);
  if (url === undefined || !/^https?:\/\//.test(url)) return [];
  const kept = SECRET_PARAMETER.test(url) ? publicUrl(url.replace(/[?#].*$/s, "")) : url;
  if (kept === undefined) return [];
  const title = asString(source.title)?.trim() || undefined;
  const snippet = asString(source.snippet)?.trim() || undefined;
  return [compact({ type: "source" as const, url: kept, title, snippet })];
}

/** An attachment or an image: name, type and size; of its address only what is lasting and public. */
export function filePart(file: {
  name?: unknown;
  mediaType?: unknown;
  size?: unknown;
  url?: unknown;
}): Part {
  return compact({
    type: "file" as const,
    name: asString(file.name),
    mediaType: asString(file.mediaType),
    size: asNumber(file.size),
    url: publicUrl(file.url),
  });
}

/** Leaves out the messages whose key came before: the last one of a key stays, in the place of the first. */
export function uniqueByKey(messages: MessageReading[]): MessageReading[] {
  return [...new Map(messages.map((message) => [message.key, message])).values()];
}
