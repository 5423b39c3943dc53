/** The answer to a chat request: OpenAI's chat completions and Responses, Anthropic's messages, the AI SDK's streams. */
import { readAiSdkStream } from "./ai-sdk";
import { sseEvents } from "./frames";
import { readAnthropicMessage, readAnthropicStream } from "./generic-anthropic";
import { type ChatAnswer, errorOf } from "./generic-content";
import { readCompletion, readCompletionStream } from "./generic-openai";
import { readResponse, readResponseStream } from "./generic-responses";
import { asRecord, asRecords, asString, compact, parseJson } from "./json";

type Json = Record<string, unknown>;

function readWhole(body: Json): ChatAnswer | null {
  const answer = readCompletion(body) ?? readAnthropicMessage(body) ?? readResponse(body);
  if (answer) return answer;
  const error = errorOf(body.error);
  return error ? { parts: [], error, isDone: true } : null;
}

const AI_SDK = /^(?:start|finish|abort|error|start-step|(?:text|reasoning|tool-input)-\w+)$/;

/** Lines of the AI SDK's older stream begin so. */
const DATA_STREAM = /^(?:0|f|g|9|3|d):/m;

/** Without the server's id of the message: what the page sends back may have one of its own. */
function readAiSdk(text: string): ChatAnswer | null {
  const answer = readAiSdkStream(text);
  if (!answer) return null;
  const { parts, tokens, finish, error, isDone } = answer;
  return compact({ parts, tokens, finish, error, isDone });
}

function readStream(text: string): ChatAnswer | null {
  const events = asRecords(sseEvents(text).map(({ data }) => parseJson(data)));
  const isEnded = /^data: ?\[DONE\]/m.test(text);
  const answer =
    readCompletionStream(events, isEnded) ??
    readAnthropicStream(events) ??
    readResponseStream(events);
  if (answer) return answer;
  const isAiSdk = events.some(({ type, error }) => !error && AI_SDK.test(asString(type) ?? ""));
  if (isAiSdk || (events.length === 0 && DATA_STREAM.test(text))) return readAiSdk(text);
  const error = errorOf(events.find((event) => "error" in event)?.error);
  return error ? { parts: [], error, isDone: true } : null;
}

/** Reads an answer; null where it has none of these forms. */
export function readChatAnswer(text: string): ChatAnswer | null {
  const whole = parseJson(text);
  if (whole === undefined) return readStream(text);
  const body = asRecord(whole);
  return body ? readWhole(body) : null;
}
