/** What one turn's stream of ChatGPT says in all: its messages, the session that they belong to, and how it ended. */
import { applyFrame, newDeltaState } from "./chatgpt-delta";
import type { SseEvent } from "./frames";
import { asRecord, asString, parseJson } from "./json";

type Json = Record<string, unknown>;

/** A stream, read so far. */
export interface Turn {
  /** Id of the session; undefined while no frame named it. */
  key?: string;
  title?: string;
  /** The model that answered, where the stream says so apart from the messages. */
  model?: string;
  /** The site's messages by id, in the order in which they came. */
  messages: Map<string, Json>;
  /** The stream said that the turn is over. */
  isComplete: boolean;
  /** The answer comes over the WebSocket. */
  isHandedOver: boolean;
  /** At least one frame is one of ChatGPT's. */
  isKnown: boolean;
  error?: string;
}

/** Kinds of frames whose coming shows that the stream is ChatGPT's. */
const KNOWN = new Set([
  "resume_conversation_token",
  "input_message",
  "server_ste_metadata",
  "message_marker",
  "conversation_detail_metadata",
  "title_generation",
  "message_stream_complete",
  "stream_handoff",
]);

/** Reads the events of one turn. */
export function readTurn(events: Iterable<SseEvent>): Turn {
  const turn: Turn = {
    messages: new Map(),
    isComplete: false,
    isHandedOver: false,
    isKnown: false,
  };
  const state = newDeltaState();
  for (const { event, data } of events) {
    if (event === "delta_encoding") turn.isKnown = true;
    if (data.trim() === "[DONE]") turn.isComplete = true;
    const frame = asRecord(parseJson(data));
    if (!frame) continue;
    if ("v" in frame) {
      applyFrame(state, frame);
      takeRoot(turn, state.root);
    } else if (typeof frame.type === "string") takeTyped(turn, frame, frame.type);
    else if ("message" in frame || "error" in frame) {
      // The form before deltas: every frame holds the whole message so far.
      takeRoot(turn, frame);
    }
  }
  return turn;
}

/** Notes the session; false for another one than the stream's. */
function takeKey(turn: Turn, frame: Json): boolean {
  const key = asString(frame.conversation_id) || undefined;
  turn.key ??= key;
  return key === undefined || key === turn.key;
}

function takeRoot(turn: Turn, root: Json): void {
  const message = asRecord(root.message);
  const id = asString(message?.id);
  if (message && id && asRecord(message.author) && asRecord(message.content)) {
    if (takeKey(turn, root)) turn.messages.set(id, message);
    turn.isKnown = true;
  }
  turn.error ??= errorText(root.error);
}

function takeTyped(turn: Turn, frame: Json, type: string): void {
  if (type === "error") turn.error ??= errorText(frame.error ?? frame.message ?? "");
  if (!KNOWN.has(type)) return;
  turn.isKnown = true;
  if (!takeKey(turn, frame)) return;
  if (type === "title_generation") turn.title = asString(frame.title) ?? turn.title;
  if (type === "message_stream_complete") turn.isComplete = true;
  if (type === "stream_handoff") turn.isHandedOver = true;
  if (type === "server_ste_metadata") {
    const metadata = asRecord(frame.metadata);
    turn.model = asString(metadata?.resolved_model_slug) ?? asString(metadata?.model_slug);
  }
  const input = asRecord(frame.input_message);
  const id = asString(input?.id);
  if (input && id && !turn.messages.has(id)) turn.messages.set(id, input);
}

/** The words of an error, whose form is not always the same; undefined where there is none. */
export function errorText(error: unknown): string | undefined {
  if (error === null || error === undefined) return undefined;
  const record = asRecord(error);
  return asString(error) ?? asString(record?.message) ?? asString(record?.code) ?? "";
}
