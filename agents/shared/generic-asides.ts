/**
 * Requests that a page makes for itself, beside the session: for a title, a summary, tags, or what to ask next. They look like chats, so
 * this is a guess, made to err on the side of keeping: an aside is asked in one go, by words that name both what is wanted and the
 * session, and either by the page's system prompt or in the set form ("only the title", "3 to 5 words") in which programs ask.
 */
import type { ChatRequest, RequestMessage } from "./generic-request";

const WANTED =
  "(?:titles?|names?|headlines?|subjects?|summary|summaries|topics?|tags?|labels?|emojis?|follow[- ]?ups?|suggest\\w+|next (?:questions?|prompts?|messages?))";
const VERB =
  "(?:generat\\w+|creat\\w+|writ\\w+|provid\\w+|giv\\w+|produc\\w+|suggest\\w*|summari[sz]\\w+|propos\\w+|predict\\w*|return|com(?:e|ing) up with|mak\\w+)";
const SESSION =
  "(?:conversations?|chats?|dialogu?es?|discussions?|sessions?|threads?|exchanges?|chat history|(?:user|first|following|user'?s|above|last|previous)[\\s\\w']{0,20}(?:messages?|prompts?|queries|query|questions?))";

/** "Generate a short title for this conversation." */
const ASKS = new RegExp(
  `\\b${VERB}\\b[^]{0,80}?\\b${WANTED}\\b[^]{0,160}?\\b${SESSION}\\b|\\b${VERB}\\b[^]{0,160}?\\b${SESSION}\\b[^]{0,120}?\\b${WANTED}\\b|\\bsummari[sz]e\\b[^]{0,60}\\b${SESSION}\\b`,
  "i",
);

/** "You are a title generator." */
const GENERATOR =
  /\b(?:title|summary|tag|topic|follow[- ]?up(?: question)?)[- ](?:generator|generation|writer|maker|summari[sz]er)\b/i;

/** The set form: how long, and nothing else. */
const SET_FORM =
  /\b(?:only|just|nothing (?:else|but))\b[^.\n]{0,40}\b(?:title|summary|name|tags?|json|text|list|questions?)\b|\b(?:title|summary|name|tags?|json)\b[^.\n]{0,20}\bonly\b|\b(?:no|without|do not (?:use|include)|don't (?:use|include))\b[^.\n]{0,30}\b(?:quot\w+|punctuation|explanation|markdown|prefix)\b|\b(?:\d+|three|four|five|six|seven|eight|ten)\s*(?:(?:-|–|to|or)\s*\d+\s*)?(?:words?|characters?|chars|letters|tokens)\b|<(?:chat_history|conversation|messages?)>|^#{1,4} ?(?:chat history|task)\b/im;

/** Longer than this no instruction of that kind is; its beginning and its end are looked at. */
const HEAD = 1_500;

function textOf(messages: readonly RequestMessage[]): string {
  const parts = messages.flatMap((message) => message.parts);
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("\n");
}

function instruction(text: string): string {
  return text.length <= 2 * HEAD ? text : `${text.slice(0, HEAD)}\n${text.slice(-HEAD)}`;
}

/** Whether a request is about the session, and not of it. */
export function isAside({ messages, isStreamed }: ChatRequest): boolean {
  const system = instruction(textOf(messages.filter(({ role }) => role === "system")));
  const prompts = messages.filter(({ role }) => role === "user");
  const isOneShot = prompts.length === 1 && messages.at(-1)?.role === "user";
  if (isOneShot && !messages.some(({ role }) => role === "assistant")) {
    if (GENERATOR.test(system.slice(0, 300))) return true;
    if (!isStreamed && ASKS.test(system) && SET_FORM.test(system)) return true;
  }
  const last = prompts.at(-1);
  if (!last || messages.at(-1) !== last || isStreamed) return false;
  const asked = instruction(textOf([last]));
  return ASKS.test(asked) && SET_FORM.test(asked);
}
