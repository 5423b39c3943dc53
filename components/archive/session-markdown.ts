import { cleanTitle } from "../clean-title";
import { formatBytes, formatTime } from "../format";
import type { Block, Turn } from "./conversation";
import { fence } from "./fence";
import type { Session } from "./types";
import { prettyJson, readJson, roleName, sessionFigures, toolGist } from "./words";

function code(text: string): string {
  return readJson(text) === undefined ? fence(text) : fence(prettyJson(text), "json");
}

function quote(text: string): string {
  return text.replace(/^/gm, "> ");
}

function toolText({ call, result }: Extract<Block, { type: "tool" }>): string {
  const gist = call ? toolGist(call) : "";
  const name = `**Tool: ${call?.toolName ?? "unknown"}**${gist ? ` ${gist}` : ""}`;
  return [
    name,
    call && `Input:\n\n${code(call.input)}`,
    result && `${result.isError ? "Output (failed)" : "Output"}:\n\n${code(result.output)}`,
  ]
    .filter(Boolean)
    .join("\n\n");
}

function blockText(block: Block): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "reasoning":
      return quote(`Reasoning:\n\n${block.text}`);
    case "tool":
      return toolText(block);
    case "file": {
      const facts = [
        block.mediaType,
        block.size !== undefined && formatBytes(block.size),
        block.url,
      ];
      const said = facts.filter(Boolean).join(", ");
      return `File: ${block.name ?? "unnamed"}${said ? ` (${said})` : ""}`;
    }
    case "source":
      return `Source: ${[block.title, block.url].filter(Boolean).join(", ")}`;
    case "unknown":
      return `Unknown part (${block.kind}):\n\n${code(block.json)}`;
  }
}

function turnText({ message, blocks }: Turn): string {
  const facts = [
    message.model,
    message.createdAt !== undefined && formatTime(message.createdAt),
    message.state === "partial" && "not finished when it was read",
  ].filter(Boolean);
  return [
    `## ${roleName(message.role)}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}`,
    ...blocks.map(blockText),
    message.error && `Error: ${message.error.name}: ${message.error.message}`,
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** A whole session as one Markdown document. */
export function sessionMarkdown(session: Session, agentName: string, turns: Turn[]): string {
  const head = [
    `Agent: ${agentName}`,
    session.model && `Model: ${session.model}`,
    session.account && `Account: ${session.account}`,
    session.url,
  ]
    .concat(sessionFigures(session))
    .filter(Boolean)
    .map((line) => `- ${line}`)
    .join("\n");
  return `${[`# ${cleanTitle(session.title)}`, head, ...turns.map(turnText)].join("\n\n")}\n`;
}
