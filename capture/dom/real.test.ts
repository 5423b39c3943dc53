/** Saved pages of real agents, which lie beside the checkout and are never copied into it; without them these tests skip. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { agentById } from "../../agents";
import { sharedFixture } from "../../agents/testing/fixtures";
import { readNow } from "./page";

/** How many messages there are of people and of agents. A report in a frame of another site cannot be read. */
const PAGES: [agentId: string, file: string, users: number, answers: number][] = [
  ["chatgpt", "chatgpt/nuncaeslupus-dom-artifacts-code.html", 1, 1],
  ["chatgpt", "chatgpt/nuncaeslupus-dom-artifacts-svg.html", 1, 1],
  ["chatgpt", "chatgpt/nuncaeslupus-dom-citations.html", 1, 1],
  ["chatgpt", "chatgpt/nuncaeslupus-dom-comprehensive.html", 1, 1],
  ["chatgpt", "chatgpt/nuncaeslupus-dom-deep-research-2026-07.html", 2, 1],
  ["chatgpt", "chatgpt/nuncaeslupus-dom-longcode-160-lines-2026-07.html", 1, 1],
  ["chatgpt", "chatgpt/nuncaeslupus-dom-real-capture.html", 13, 13],
  ["chatgpt", "chatgpt/obsidian-ai-exporter-chat-code.html", 1, 1],
  ["chatgpt", "synthetic/chatgpt-dom-2026-09.html", 2, 2],
  ["claude", "claude/nuncaeslupus-dom-real-capture.html", 1, 1],
  ["claude", "claude/nuncaeslupus-dom-artifact-panel.html", 1, 1],
  ["claude", "synthetic/claude-dom-2026-10.html", 1, 1],
  ["gemini", "gemini/nuncaeslupus-dom-real-capture.html", 3, 3],
  ["gemini", "gemini/nuncaeslupus-dom-table-2026-07.html", 1, 1],
  ["gemini", "gemini/nuncaeslupus-dom-deep-research-2026-07.html", 2, 2],
  ["perplexity", "perplexity/obsidian-ai-exporter-chat-simple.html", 3, 3],
];

/** Letters and digits: what no rendering of Markdown changes. */
function bare(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, "");
}

/** Texts of what lies in the messages of a page. */
function textsIn(page: Document, selectors: readonly string[], inner: string): string[] {
  const found = selectors.flatMap((selector) => [...page.querySelectorAll(selector)]);
  const texts = found.flatMap((one) => [...one.querySelectorAll(inner)]);
  return texts.map((one) => one.textContent.trim()).filter((text) => text !== "");
}

describe.each(PAGES)("%s: %s", (agentId, file, users, answers) => {
  const path = sharedFixture(file);
  const rules = agentById(agentId)!.page!;
  // The document here would complain that it loads no frames.
  const html = path ? readFileSync(path, "utf8").replace(/<(\/?)iframe[^>]*>/g, "<$1span>") : "";
  const page = new DOMParser().parseFromString(html, "text/html");
  const { messages } = readNow(page, rules);
  const whole = messages.map(({ text, reasoning = "" }) => text + reasoning).join("\n");

  it.skipIf(!path)("has every message, of the right one", () => {
    const count = (role: string) => messages.filter((message) => message.role === role).length;
    expect([count("user"), count("assistant"), messages.length]).toEqual([
      users,
      answers,
      users + answers,
    ]);
  });

  it.skipIf(!path)("has its code line by line, its tables cell by cell", () => {
    for (const code of textsIn(page, rules.messages, "pre code, .cm-content")) {
      for (const line of code.split("\n")) expect(whole).toContain(line.trimEnd());
    }
    const read = bare(whole);
    for (const cell of textsIn(page, rules.messages, "td, th")) expect(read).toContain(bare(cell));
    const tables = textsIn(page, rules.messages, "table").length;
    expect(whole.match(/^\| *-{3}.*\|$/gm)?.length ?? 0).toBeGreaterThanOrEqual(tables);
  });

  it.skipIf(!path)("has what it cites", () => {
    const cited = [
      ...page.querySelectorAll("[data-pplx-citation-url], [data-testid*='citation'] a"),
    ];
    const urls = messages.flatMap(({ sources = [] }) => sources.map(({ url }) => url));
    for (const one of cited) {
      const url = one.getAttribute("data-pplx-citation-url") ?? one.getAttribute("href");
      expect(urls).toContain(new URL(url!).href);
    }
  });

  it.skipIf(!path)("has no heading that is there for screen readers, and no button", () => {
    for (const hidden of textsIn(page, ["body"], ".sr-only, .cdk-visually-hidden")) {
      // Some saved pages have one invented text everywhere.
      if (hidden.length > 8 && hidden !== "Placeholder text.") expect(whole).not.toContain(hidden);
    }
    expect(whole).not.toMatch(/^(?:Copy code|Copy|Edit|Regenerate|ChatGPT said:|You said:)$/m);
  });
});
