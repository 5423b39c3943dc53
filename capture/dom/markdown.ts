/** From the clean copy of a message (copy.ts) to Markdown. */
import TurndownService from "turndown";

/** Marks in a clean copy: `code` elements whose text goes out as it is. */
export const AS_IS = "data-as-is";

type Rule = TurndownService.Rule;

/** What of a page's text would be taken for Markdown. Lighter than the library's own: names_like_this stay searchable. */
function escape(text: string): string {
  return text
    .replace(/\\(?=[!-/:-@[-`{-~])/g, "\\\\")
    .replace(/[*`]/g, "\\$&")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .replace(/<(?=[a-z/!?])/gi, "\\<")
    .replace(/\[(?=[^\]]*\]\()/g, "\\[")
    .replace(/^(\s*)([-+>]|#{1,6}|=+|~~~)(?=\s|$)/, "$1\\$2")
    .replace(/^(\s*\d+)([.)])(?=\s)/, "$1\\$2");
}

function cellText(content: string): string {
  return content
    .trim()
    .replace(/\n+/g, "<br>")
    .replace(/(?<!\\)\|/g, "\\|");
}

const asIs: Rule = {
  filter: (node) => node.nodeName === "CODE" && (node as Element).hasAttribute(AS_IS),
  replacement: (_content, node) => node.textContent ?? "",
};

const listItem: Rule = {
  filter: "li",
  replacement(content, node) {
    const list = node.parentNode as Element | null;
    const at = list ? [...list.children].indexOf(node as Element) : 0;
    const start = Number(list?.getAttribute("start") ?? 1) || 1;
    const mark = list?.nodeName === "OL" ? `${start + at}. ` : "- ";
    const inner = content.replace(/^\n+|\n+$/g, "").replace(/\n/g, `\n${" ".repeat(mark.length)}`);
    return `${mark}${inner.replace(/^ +$/gm, "")}${node.nextSibling ? "\n" : ""}`;
  },
};

const deleted: Rule = {
  filter: (node) => ["DEL", "S", "STRIKE"].includes(node.nodeName),
  replacement: (content) => (content.trim() === "" ? content : `~~${content}~~`),
};

const checkbox: Rule = {
  filter: (node) => node.nodeName === "INPUT",
  replacement: (_content, node) => ((node as Element).hasAttribute("checked") ? "[x] " : "[ ] "),
};

const cell: Rule = {
  filter: ["th", "td"],
  replacement: (content) => ` ${cellText(content)} |`,
};

const ALIGN: Record<string, string> = { left: ":---", center: ":---:", right: "---:" };

const row: Rule = {
  filter: "tr",
  replacement(content, node) {
    const line = `|${content.replace(/\n/g, "")}\n`;
    const table = (node as Element).closest("table");
    if (table?.querySelector("tr") !== node) return line;
    // Markdown knows no table without a head: the first row is one.
    const columns = [...(node as Element).children].map(
      (head) => ALIGN[head.getAttribute("align") ?? ""] ?? "---",
    );
    return `${line}| ${columns.join(" | ")} |\n`;
  },
};

const table: Rule = {
  filter: "table",
  replacement: (content) => `\n\n${content.replace(/\n{2,}/g, "\n").trim()}\n\n`,
};

const section: Rule = {
  filter: ["thead", "tbody", "tfoot", "caption", "colgroup"],
  replacement: (content) => `${content.trim()}\n`,
};

const link: Rule = {
  filter: (node) => node.nodeName === "A",
  replacement(content, node) {
    const text = content.trim().replace(/\n+/g, " ");
    const href = ((node as Element).getAttribute("href") ?? "").replace(
      /[()<>\s]/g,
      encodeURIComponent,
    );
    const address = href.replaceAll("(", "%28").replaceAll(")", "%29");
    return text === "" ? "" : `[${text}](${address})`;
  },
};

function createService(): TurndownService {
  const service = new TurndownService({
    headingStyle: "atx",
    codeBlockStyle: "fenced",
    bulletListMarker: "-",
    emDelimiter: "*",
    hr: "---",
    br: "",
    preformattedCode: true,
  });
  service.escape = escape;
  const rules = { listItem, deleted, checkbox, cell, row, section, table, link, asIs };
  for (const [name, rule] of Object.entries(rules)) service.addRule(name, rule);
  return service;
}

let service: TurndownService | null = null;

/** The Markdown of a clean copy. */
export function markdownOf(copy: HTMLElement): string {
  service ??= createService();
  return service.turndown(copy).trim();
}
