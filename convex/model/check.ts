import { omit } from "convex-helpers";
import { utf8Length } from "../utf8";
import {
  MAX_BYTES_PER_RECORD,
  MAX_CHUNKED_BYTES,
  MAX_KEY_LENGTH,
  MAX_MESSAGES_PER_RECORD,
  MAX_UPLOAD_BYTES,
  type Message,
  type SessionReading,
} from "../validators";
import { refusal } from "./errors";
import { AGENT_ID } from "./users";

/** With its inline parts and its search text a row then has at most 128 KB, and the 100 rows of a call can be looked up. */
const MAX_FIELD_BYTES = 32 * 1024;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** A message with the JSON of its parts, which is made once and decides where the parts lie. */
export type SizedMessage = { message: Message; json: string; bytes: number };

/** Adds the JSON of the parts and its UTF-8 length. */
export function sized(message: Message): SizedMessage {
  const json = JSON.stringify(message.parts);
  return { message, json, bytes: utf8Length(json) };
}

function isKey(key: string | undefined): boolean {
  return key !== undefined && key !== "" && key.length <= MAX_KEY_LENGTH;
}

/** Whether a text in the value holds half a character, which Convex cannot store. */
export function hasLoneSurrogate(value: unknown): boolean {
  let isFound = false;
  JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "string" && LONE_SURROGATE.test(inner)) isFound = true;
    return inner;
  });
  return isFound;
}

/** Refuses a call that cannot be answered message by message. Nothing was written then, and a smaller call may pass. */
export function checkBatch(messages: SizedMessage[]): void {
  if (messages.length > MAX_MESSAGES_PER_RECORD) {
    throw refusal(
      "too-many-messages",
      `Nothing was stored: a call may carry at most ${MAX_MESSAGES_PER_RECORD} messages, this one had ${messages.length}.`,
    );
  }
  const total = messages
    .filter(({ bytes }) => bytes <= MAX_CHUNKED_BYTES)
    .reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MAX_BYTES_PER_RECORD) {
    throw refusal(
      "batch-too-large",
      `Nothing was stored: a call may carry at most ${MAX_BYTES_PER_RECORD} bytes of messages, this one had ${total}.`,
    );
  }
}

/** Refuses a session that no row could hold. Throws `invalid-session`. */
export function checkSession(reading: SessionReading): void {
  const problem = !AGENT_ID.test(reading.agent)
    ? "its agent's id is not one (a-z, 0-9 and hyphens, at most 64 characters)"
    : !isKey(reading.key)
      ? `its key is empty or longer than ${MAX_KEY_LENGTH} characters`
      : hasLoneSurrogate(reading)
        ? "it holds half a character (an unpaired surrogate)"
        : utf8Length(JSON.stringify(omit(reading, ["title"]))) > MAX_FIELD_BYTES
          ? `its fields together are larger than ${MAX_FIELD_BYTES} bytes`
          : undefined;
  if (problem !== undefined) {
    throw refusal("invalid-session", `The session and its messages were not stored: ${problem}.`);
  }
}

/** Why a message cannot be stored, for people, as far as the message itself tells; undefined when it can. */
export function messageProblem({ message, bytes }: SizedMessage): string | undefined {
  const { parts, upload, ...fields } = message;
  if (!isKey(message.key)) {
    return `Not stored: the message's key is empty or longer than ${MAX_KEY_LENGTH} characters.`;
  }
  if (message.parentKey !== undefined && !isKey(message.parentKey)) {
    return `Not stored: the key of the message before it is empty or longer than ${MAX_KEY_LENGTH} characters.`;
  }
  if (message.hash === "" || message.hash.length > MAX_KEY_LENGTH) {
    return "Not stored: the message came without a usable content hash.";
  }
  if (!Number.isFinite(message.position)) {
    return "Not stored: the message's place in the session is not a number.";
  }
  if (hasLoneSurrogate(message)) {
    return "Not stored: the message holds half a character (an unpaired surrogate).";
  }
  if (utf8Length(JSON.stringify(fields)) > MAX_FIELD_BYTES) {
    return `Not stored: the message's fields besides its parts are larger than ${MAX_FIELD_BYTES} bytes.`;
  }
  if (bytes > MAX_CHUNKED_BYTES) {
    return `Not stored: the message has ${bytes} bytes; one of more than ${MAX_CHUNKED_BYTES} has to be uploaded as a file first.`;
  }
  if (upload !== undefined && parts.length > 0) {
    return "Not stored: the message carries its parts and names a file with them; it may do only one.";
  }
  if (upload !== undefined && !(upload.bytes > 0 && upload.bytes <= MAX_UPLOAD_BYTES)) {
    return `Not stored: the message's file has to have between 1 and ${MAX_UPLOAD_BYTES} bytes.`;
  }
  return undefined;
}
