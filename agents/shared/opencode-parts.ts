/** The parts of a message of opencode, as its API gives them. */
import type { Part } from "../agent";
import { asNumber, asRecord, asString, compact, toJson } from "./json";
import { unknownPart } from "./parts";

type Json = Record<string, unknown>;

/**
 * Parts that hold nothing a person wrote or read, left out on purpose: the markers of a model step (their tokens and cost are in the
 * message), the ids and file lists of the work tree's snapshots, and attempts at a request that was made again (the error that
 * stayed is the message's).
 */
const BOOKKEEPING = new Set(["step-start", "step-finish", "snapshot", "patch", "retry"]);

/** Type and size of a file. Its bytes stay out, and so does an address that is not lasting and public. */
function readFile(part: Json): Part {
  const url = asString(part.url) ?? "";
  const base64 = /^data:[^,]*;base64,/.exec(url);
  const isPublic = /^https?:\/\/[^?#]*$/.test(url);
  return compact({
    type: "file" as const,
    name: asString(part.filename),
    mediaType: asString(part.mime),
    url: isPublic ? url : undefined,
    size: base64
      ? Math.floor((url.slice(base64[0].length).replace(/=+$/, "").length * 3) / 4)
      : undefined,
  });
}

/** One tool part is the call and, once it ended, its result. */
function readTool(part: Json): Part[] {
  const state = asRecord(part.state) ?? {};
  const metadata = asRecord(state.metadata);
  const time = asRecord(state.time);
  const toolCallId = asString(part.callID) ?? asString(part.id) ?? "";
  const call: Part = compact({
    type: "tool-call" as const,
    toolCallId,
    toolName: asString(part.tool) ?? "",
    input: toJson(state.input ?? {}),
    title: asString(state.title),
    childKey: asString(metadata?.sessionId),
    startedAt: asNumber(time?.start),
  });
  if (state.status !== "completed" && state.status !== "error") return [call];
  const isError = state.status === "error";
  const result: Part = compact({
    type: "tool-result" as const,
    toolCallId,
    output: asString(isError ? (state.error ?? state.output) : state.output) ?? "",
    isError: isError || undefined,
    metadata: metadata ? toJson(metadata) : undefined,
    endedAt: asNumber(time?.end),
  });
  const attachments = Array.isArray(state.attachments) ? state.attachments : [];
  return [call, result, ...attachments.map((file) => readFile(asRecord(file) ?? {}))];
}

/** A command that a sub-agent runs (`/review`): what was typed, and the prompt that it stands for. The call itself is in the answer. */
function readSubtask(part: Json): Part {
  const command = asString(part.command);
  const prompt = asString(part.prompt) ?? "";
  return { type: "text", text: command === undefined ? prompt : `/${command}\n\n${prompt}` };
}

/** A sub-agent that a prompt names: its name is a piece of the prompt's text, unless nothing says where. */
function readMention(part: Json): Part[] {
  return asRecord(part.source) ? [] : [{ type: "text", text: `@${asString(part.name) ?? ""}` }];
}

/** The mark where a session was summed up, in the words of opencode's page; the summary is the answer to it. */
function readCompaction(part: Json): Part {
  const text = part.auto === true ? "Session compacted automatically" : "Session compacted";
  return { type: "text", text };
}

/** What is kept of one part: none, one, or a call and its result with what it made. */
export function readOpencodePart(value: unknown): Part[] {
  const part = asRecord(value);
  const type = asString(part?.type);
  if (!part || type === undefined || BOOKKEEPING.has(type)) return [];
  if (type === "text" || type === "reasoning") {
    const time = asRecord(part.time);
    return [
      compact({
        type: type as "text" | "reasoning",
        text: asString(part.text) ?? "",
        startedAt: asNumber(time?.start),
        endedAt: asNumber(time?.end),
      }),
    ];
  }
  if (type === "tool") return readTool(part);
  if (type === "file") return [readFile(part)];
  if (type === "subtask") return [readSubtask(part)];
  if (type === "agent") return readMention(part);
  if (type === "compaction") return [readCompaction(part)];
  return [unknownPart(type, part)];
}
