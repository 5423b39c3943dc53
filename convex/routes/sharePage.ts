/** The page of a public link. What people wrote is text or Markdown without raw HTML, so nothing in it can become markup or a script. */
import hljs from "highlight.js/lib/common";
import MarkdownIt from "markdown-it";
import type { PublicPart, PublicSession } from "../model/publicSession";
import { sharePageCss } from "./sharePageCss";

/** A longer block of code is shown without colours: highlighting takes time. */
const MAX_HIGHLIGHTED = 50_000;

const markdown = new MarkdownIt({
  html: false,
  linkify: false,
  highlight: (code, language) =>
    code.length <= MAX_HIGHLIGHTED && hljs.getLanguage(language)
      ? hljs.highlight(code, { language, ignoreIllegals: true }).value
      : "",
});
// A picture would tell its server who reads the page.
markdown.disable("image");
markdown.renderer.rules.link_open = (tokens, index, options, _env, renderer) => {
  tokens[index]?.attrSet("rel", "nofollow noopener noreferrer");
  return renderer.renderToken(tokens, index, options);
};

const escapes: Record<string, string> = {
  ...{ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" },
};

/** The text as text in HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => escapes[char] ?? char);
}

function codeBlock(text: string, language?: string): string {
  const isPlain = language === undefined || text.length > MAX_HIGHLIGHTED;
  const inner = isPlain
    ? escapeHtml(text)
    : hljs.highlight(text, { language, ignoreIllegals: true }).value;
  return `<pre tabindex="0"><code>${inner}</code></pre>`;
}

function jsonBlock(text: string): string {
  try {
    return codeBlock(JSON.stringify(JSON.parse(text), null, 2), "json");
  } catch {
    return codeBlock(text);
  }
}

function fold(title: string, content: string): string {
  return `<details><summary>${escapeHtml(title)}</summary>${content}</details>`;
}

function sourceLink(url: string, title: string): string {
  if (!/^https?:\/\//.test(url)) return escapeHtml(title);
  return `<a href="${escapeHtml(url)}" rel="nofollow noopener noreferrer">${escapeHtml(title)}</a>`;
}

function partHtml(part: PublicPart): string {
  switch (part.type) {
    case "text":
      return `<div class="text">${markdown.render(part.text)}</div>`;
    case "reasoning":
      return fold("Reasoning", `<div class="text">${markdown.render(part.text)}</div>`);
    case "tool-call": {
      const title = [part.toolName, part.title].filter(Boolean).join(": ");
      return fold(`Tool: ${title}`, jsonBlock(part.input));
    }
    case "tool-result":
      return fold(part.isError ? "Output (failed)" : "Output", codeBlock(part.output));
    case "file": {
      const about = [part.name ?? "unnamed", part.mediaType].filter(Boolean).join(", ");
      return `<p class="file">File: ${escapeHtml(about)}</p>`;
    }
    case "source":
      return `<p class="file">Source: ${sourceLink(part.url, part.title ?? part.url)}</p>`;
  }
}

const roles: Record<string, string> = {
  ...{ user: "User", assistant: "Assistant", system: "System", tool: "Tool", unknown: "Unknown" },
};

function timeHtml(ms: number | undefined): string {
  if (ms === undefined || !(Math.abs(ms) < 8.64e15)) return "";
  const iso = new Date(ms).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}

function messageHtml(message: PublicSession["messages"][number]): string {
  const about = [message.model && escapeHtml(message.model), timeHtml(message.createdAt)];
  const cut = message.isWhole
    ? ""
    : '<p class="note">Only the beginning of a very large message.</p>';
  return `<section class="${message.role}"><h2>${roles[message.role]} <small>${about.filter(Boolean).join(" · ")}</small></h2>${message.parts.map(partHtml).join("")}${cut}</section>`;
}

function page(title: string, nonce: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow, noarchive"><meta name="referrer" content="no-referrer">
<style nonce="${nonce}">${sharePageCss}</style></head>
<body>${body}</body></html>
`;
}

/** The session as a page that is whole without JavaScript. */
export function sharePage(session: PublicSession, nonce: string): string {
  const about = [
    escapeHtml(session.agent),
    session.model && escapeHtml(session.model),
    timeHtml(session.createdAt),
  ];
  const end = session.isWhole
    ? ""
    : '<p class="note">The session is longer than this page shows.</p>';
  const head = `<header><h1>${escapeHtml(session.title)}</h1><p>${about.filter(Boolean).join(" · ")}</p></header>`;
  const foot =
    "<footer>A session with an AI agent, shared by its owner with OpenSync Companion. Its content is what was said, not advice.</footer>";
  const messages = session.messages.map(messageHtml).join("\n");
  return page(session.title, nonce, `${head}<main>${messages}${end}</main>${foot}`);
}

/** The page of a link that leads nowhere. */
export function noSharePage(nonce: string): string {
  const text =
    "<p>The link was never one, or its owner has revoked it, or the session was deleted.</p>";
  return page("Nothing here", nonce, `<main><h1>Nothing here</h1>${text}</main>`);
}
