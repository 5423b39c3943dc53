/** Grok's steps: reasoning with calls in it, told as XML in its text and as objects beside it. */
import type { Part } from "../agent";
import { asRecord, asRecords, asString, toJson } from "./json";
import { sourcePart, textParts } from "./parts";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** The texts between two marks, and what is left without them. An unclosed mark (a cut stream) runs to the end. */
export function cutBlocks(
  text: string,
  open: string,
  close: string,
): { rest: string; blocks: string[] } {
  const [first = "", ...others] = text.split(open);
  let rest = first;
  const blocks: string[] = [];
  for (const other of others) {
    const end = other.indexOf(close);
    blocks.push(end === -1 ? other : other.slice(0, end));
    if (end !== -1) rest += other.slice(end + close.length);
  }
  return { rest, blocks };
}

function inner(xml: string, name: string): string | undefined {
  return cutBlocks(xml, `<xai:${name}>`, `</xai:${name}>`).blocks[0]?.trim();
}

/** The call that a card of XML in a text or token stands for. */
export function readCard(xml: string, fallbackId: string): Part {
  const args = inner(xml, "tool_args") ?? "";
  return {
    type: "tool-call",
    toolCallId: inner(xml, "tool_usage_card_id") ?? fallbackId,
    toolName: inner(xml, "tool_name") ?? "",
    input: args.replace(/^<!\[CDATA\[/, "").replace(/\]\]>$/, ""),
  };
}

/** Text of reasoning with cards in it: the calls, and the reasoning without them. */
export function readThinking(text: string, idPrefix: string): Part[] {
  const { rest, blocks } = cutBlocks(text, "<xai:tool_usage_card>", "</xai:tool_usage_card>");
  const calls = blocks.map((xml, at) => readCard(xml, `${idPrefix}-${at}`));
  return [...textParts(rest.trim(), "reasoning"), ...calls];
}

/** A page that a search found or an answer cites. */
export function readSource(value: Json): Part[] {
  return sourcePart({
    url: value.url ?? value.link,
    title: value.title,
    snippet: value.preview ?? value.snippet,
  });
}

/** A call given as an object: its id, and one property that is named after the tool and holds the arguments. */
function readCall(card: Json, fallbackId: string): Part {
  const [name = "", value] =
    Object.entries(card).find(([, field]) => asRecord(field) !== undefined) ?? [];
  return {
    type: "tool-call",
    toolCallId: asString(card.toolUsageCardId) ?? asString(card.id) ?? fallbackId,
    toolName: asString(card.toolName) ?? name,
    input: toJson(asRecord(value)?.args ?? card.args ?? value ?? {}),
  };
}

function readResult(result: Json, fallbackId: string): Part {
  const body = Object.values(result).find((field) => typeof field === "object" && field !== null);
  const pages = asRecords(asRecord(body)?.results ?? body).flatMap(readSource);
  const lines = pages.map((page) =>
    page.type === "source" ? `${page.title ?? ""} ${page.url}` : "",
  );
  return {
    type: "tool-result",
    toolCallId: asString(result.toolUsageCardId) ?? asString(result.id) ?? fallbackId,
    output: lines.length > 0 ? lines.join("\n").trim() : toJson(withoutSignatures(body ?? {})),
  };
}

/** One step of the reasoning: what was thought, the calls with their results, the pages found. */
export function readStep(step: Json, prefix: string): Part[] {
  const text = Array.isArray(step.text) ? step.text.filter((line) => asString(line)) : [step.text];
  return [
    ...readThinking(text.filter((line) => typeof line === "string").join("\n"), prefix),
    ...asRecords(step.toolUsageCards).map((card, at) => readCall(card, `${prefix}-${at}`)),
    ...asRecords(step.toolUsageResults).map((result, at) => readResult(result, `${prefix}-${at}`)),
    ...asRecords(step.webSearchResults).flatMap(readSource),
  ];
}
