import { count, formatCompact, formatCost, formatDuration } from "../format";
import type { ToolCallPart } from "./conversation";
import type { Message, Session } from "./types";

const ROLES: Record<Message["role"], string> = {
  user: "You",
  assistant: "Assistant",
  system: "System",
  tool: "Tool",
  unknown: "Unknown sender",
};

/** Who wrote a message, for people. */
export function roleName(role: Message["role"]): string {
  return ROLES[role];
}

/** "12.3K in, 1.2K out", or null when the agent gave no counts. */
function tokenWords(tokens: Session["tokens"]): string | null {
  if (!tokens) return null;
  const { input, output, reasoning, cacheRead, total } = tokens;
  const words = [
    input !== undefined && `${formatCompact(input)} in`,
    cacheRead !== undefined && cacheRead > 0 && `${formatCompact(cacheRead)} cached`,
    output !== undefined && `${formatCompact(output)} out`,
    reasoning !== undefined && reasoning > 0 && `${formatCompact(reasoning)} reasoning`,
  ].filter(Boolean);
  if (words.length > 0) return `${words.join(", ")} tokens`;
  return total === undefined ? null : `${formatCompact(total)} tokens`;
}

/** Tokens, cost and duration of one message; empty when the agent gave none. */
export function messageFigures(message: Message): string[] {
  const { tokens, cost, createdAt, completedAt } = message;
  const took = createdAt !== undefined && completedAt !== undefined && completedAt - createdAt;
  return [
    tokenWords(tokens),
    cost !== undefined && cost > 0 && formatCost(cost),
    took !== false && took > 0 && formatDuration(took),
  ].filter((word): word is string => Boolean(word));
}

/** What the backend counts a session with whose agent gives no counts; said to be an estimate. */
function estimateWords({ tokens: { total, estimated } }: Session["usage"]): string | null {
  return estimated > 0 ? `about ${formatCompact(total)} tokens, estimated` : null;
}

/** Messages, tokens and cost of a session. */
export function sessionFigures(session: Session): string[] {
  return [
    count(session.messageCount, "message"),
    tokenWords(session.tokens) ?? estimateWords(session.usage),
    session.cost !== undefined && session.cost > 0 && formatCost(session.cost),
  ].filter((word): word is string => Boolean(word));
}

const MAX_GIST = 120;

/** What a tool was called for, in one line: the page's own title, else the first text among its arguments. */
export function toolGist(call: ToolCallPart): string {
  if (call.title) return oneLine(call.title);
  const input = readJson(call.input);
  if (typeof input !== "object" || input === null) return "";
  const first = Object.values(input).find((value) => typeof value === "string");
  return typeof first === "string" ? oneLine(first) : "";
}

function oneLine(text: string): string {
  const line = text
    .slice(0, MAX_GIST * 4)
    .replace(/\s+/gu, " ")
    .trim();
  return line.length > MAX_GIST ? `${line.slice(0, MAX_GIST)}…` : line;
}

/** The value that a JSON text stands for; undefined when it is not JSON. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Arguments of a call that is still being written, or not JSON at all.
    return undefined;
  }
}

/** JSON text spread over lines; anything else as it is. */
export function prettyJson(text: string): string {
  const value = readJson(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}
