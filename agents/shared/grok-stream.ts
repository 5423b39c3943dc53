/** Grok's streams: one JSON object a line, told under `result.response` (a new session) or in `result` itself (a later turn). */
import type { MessageReading, Part } from "../agent";
import { jsonLines } from "./frames";
import { readResponse } from "./grok-responses";
import { readCard, readThinking } from "./grok-steps";
import { asRecord, asString } from "./json";

type Json = Record<string, unknown>;

/** What the lines of a stream said. */
export interface GrokTurn {
  /** The session's header, only in a new session's stream. */
  header?: Json;
  title?: string;
  messages: MessageReading[];
}

/** Pieces of one kind that belong together: several agents may think at a time, their tokens interleaved. */
interface Strand {
  kind: "text" | "reasoning" | "tool-call" | "tool-result";
  callId: string;
  text: string;
}

function kindOf(line: Json): Strand["kind"] {
  const tag = asString(line.messageTag) ?? "final";
  if (tag === "tool_usage_card") return "tool-call";
  if (tag === "raw_function_result") return "tool-result";
  return line.isThinking === true || tag === "header" || tag === "summary" ? "reasoning" : "text";
}

function addToken(strands: Map<string, Strand>, line: Json): void {
  const token = asString(line.token);
  if (!token) return;
  const kind = kindOf(line);
  const step = typeof line.messageStepId === "number" ? line.messageStepId : "";
  const callId = asString(line.toolUsageCardId) ?? `${asString(line.responseId)}-${step}`;
  const id = kind === "text" ? kind : [kind, line.rolloutId, step, line.toolUsageCardId].join(" ");
  const strand = strands.get(id) ?? { kind, callId, text: "" };
  strand.text += token;
  strands.set(id, strand);
}

function strandParts({ kind, callId, text }: Strand): Part[] {
  if (kind === "reasoning") return readThinking(text, callId);
  if (kind === "tool-call") return [readCard(text, callId)];
  if (kind === "tool-result") return [{ type: "tool-result", toolCallId: callId, output: text }];
  return [{ type: "text", text }];
}

/** How the answer stood when its stream ended: its last whole form, or what its tokens make where that never came. */
function readAnswer(
  response: Json,
  strands: Map<string, Strand>,
  error: MessageReading["error"],
): MessageReading[] {
  const [message] = readResponse(response);
  if (!message) return [];
  const told = [...strands.values()];
  const thinking = told.filter(({ kind }) => kind !== "text").flatMap(strandParts);
  if (message.state === "final") {
    const hasThinking = message.parts.some(
      ({ type }) => type === "reasoning" || type === "tool-call",
    );
    return [{ ...message, parts: hasThinking ? message.parts : [...thinking, ...message.parts] }];
  }
  const text = told.filter(({ kind }) => kind === "text").flatMap(strandParts);
  const parts = message.parts.length > 0 ? message.parts : [...thinking, ...text];
  return [{ ...message, parts, ...(error ? { state: "final" as const, error } : {}) }];
}

/** Whether the later of two forms of the answer says more: its start is empty, and a line may come twice. */
function isFuller(next: Json, before: Json | undefined): boolean {
  return before === undefined || readResponse(next)[0]?.state === "final";
}

/** The turn that a stream tells; null where no line of it is such a stream's. */
export function readGrokStream(body: string): GrokTurn | null {
  const turn: GrokTurn = { messages: [] };
  const users: Json[] = [];
  const answers = new Map<string, Json>();
  const strands = new Map<string, Map<string, Strand>>();
  let error: MessageReading["error"];
  let isKnown = false;
  for (const value of jsonLines(body)) {
    const line = asRecord(value);
    const failure = asRecord(line?.error);
    if (failure) {
      error = {
        name: asString(failure.code) ?? String(failure.code ?? "error"),
        message: asString(failure.message) ?? "",
      };
      isKnown = true;
    }
    const result = asRecord(line?.result);
    if (!result) continue;
    turn.header = asRecord(result.conversation) ?? turn.header;
    turn.title = asString(asRecord(result.title)?.newTitle) ?? turn.title;
    const told = asRecord(result.response) ?? result;
    const user = asRecord(told.userResponse);
    const answer = asRecord(told.modelResponse);
    const id = asString(answer?.responseId) ?? asString(told.responseId) ?? "";
    if (user) users.push(user);
    if (answer && id !== "" && isFuller(answer, answers.get(id))) answers.set(id, answer);
    if (typeof told.token === "string" && id !== "") {
      const own = strands.get(id) ?? new Map<string, Strand>();
      addToken(own, told);
      strands.set(id, own);
    }
    isKnown ||= Boolean(turn.header ?? user ?? answer ?? told.token);
  }
  if (!isKnown) return null;
  turn.messages = [
    ...users.flatMap(readResponse),
    ...[...answers].flatMap(([id, answer]) =>
      readAnswer(answer, strands.get(id) ?? new Map<string, Strand>(), error),
    ),
  ];
  return turn;
}
