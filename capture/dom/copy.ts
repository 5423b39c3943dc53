/**
 * A clean copy of a message: only elements that Markdown has, in a document that loads and runs nothing, through shadow roots and slots.
 * What a page hides, its buttons and its bars stay behind; files and citations are collected on the way.
 */
import type { PageFile, PageMessage } from "../../agents/shared/page-reading";
import { codeOf } from "./code";
import { formulaOf } from "./formula";
import { AS_IS } from "./markdown";
import { citationOf, fileOf, linkOf } from "./references";

/** A message's copy with what it refers to. */
export interface Copy {
  element: HTMLElement;
  files: PageFile[];
  sources: NonNullable<PageMessage["sources"]>;
}

const INLINE =
  "a abbr b bdi bdo cite del dfn em font i ins kbd label mark q s samp small span strike strong sub sup time u var";
const BLOCK =
  "address article aside blockquote caption dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p section summary table tbody td tfoot th thead tr ul";
const INLINE_TAGS = new Set(INLINE.split(" "));
const BLOCK_TAGS = new Set(BLOCK.split(" "));

/** What never holds anything to read. */
const NEVER =
  "script, style, noscript, template, link, meta, svg, input:not([type='checkbox']), textarea, select, iframe, object, embed, canvas, [hidden], [aria-hidden='true'], [role='toolbar'], [role='tooltip']";
const BUTTON = "button, [role='button']";
const HIDDEN_CLASS =
  /(?:^|\s)(?:sr-only|visually-hidden|visuallyhidden|cdk-visually-hidden|screen-reader(?:-text|-only)?|a11y-hidden)(?:\s|$)/;
const HIDDEN_STYLE = /display:\s*none|visibility:\s*hidden|clip:\s*rect\(0|clip-path:\s*inset\(50%/;
const LINES_CLASS =
  /(?:^|\s)(?:whitespace-(?:pre|pre-wrap|pre-line|break-spaces)|pre-wrap)(?:\s|$)/;
const LINES_STYLE = /white-space:\s*(?:pre|break-spaces)/;
const FORMATTED =
  "a, b, strong, i, em, code, pre, ul, ol, table, blockquote, h1, h2, h3, h4, h5, h6, img, math, .katex";
const HOLDS_BLOCK = "p, div, ul, ol, pre, table, blockquote, h1, h2, h3, h4, h5, h6, section";

/** Deeper than any page goes; what lies below comes as plain text. */
const MAX_DEPTH = 200;

function isHidden(element: Element): boolean {
  if (element.matches(NEVER) && !element.matches("script[type^='math/tex']")) return true;
  const style = element.getAttribute("style");
  return (
    HIDDEN_CLASS.test(element.getAttribute("class") ?? "") ||
    (style !== null && HIDDEN_STYLE.test(style))
  );
}

function keepsLines(element: Element): boolean {
  return (
    LINES_CLASS.test(element.getAttribute("class") ?? "") ||
    LINES_STYLE.test(element.getAttribute("style") ?? "")
  );
}

function childrenOf(element: Element): Iterable<Node> {
  if (element.shadowRoot) return element.shadowRoot.childNodes;
  if (element.localName !== "slot") return element.childNodes;
  const assigned = (element as HTMLSlotElement).assignedNodes({ flatten: true });
  return assigned.length > 0 ? assigned : element.childNodes;
}

/** The tag under which an element's content goes on: its own, or a neutral one. */
function tagOf(element: Element): string {
  const tag = element.localName;
  if (INLINE_TAGS.has(tag) || BLOCK_TAGS.has(tag)) return tag === "font" ? "span" : tag;
  return element.shadowRoot || element.querySelector(HOLDS_BLOCK) ? "div" : "span";
}

/** Copies elements one after the other; `skip` tells what to leave behind. */
export function copyOf(elements: readonly Element[], skip: (element: Element) => boolean): Copy {
  const inert = document.implementation.createHTMLDocument("");
  const copy: Copy = { element: inert.createElement("div"), files: [], sources: [] };

  function asIs(text: string, isBlock: boolean): HTMLElement {
    const code = inert.createElement("code");
    code.setAttribute(AS_IS, "");
    code.textContent = text;
    if (!isBlock) return code;
    const block = inert.createElement("div");
    block.append(code);
    return block;
  }

  /** What stands for itself and is not gone into; null: go on with the children. */
  function wholeOf(element: Element): Node | null {
    const formula = formulaOf(element);
    if (formula) {
      const { tex, isBlock } = formula;
      return asIs(isBlock ? `$$\n${tex}\n$$` : `$${tex}$`, isBlock);
    }
    const code = codeOf(element);
    if (code) {
      const [pre, inner] = [inert.createElement("pre"), inert.createElement("code")];
      if (code.language) inner.setAttribute("class", `language-${code.language}`);
      inner.textContent = code.text;
      pre.append(inner);
      return pre;
    }
    if (element.localName === "code") {
      const inner = inert.createElement("code");
      inner.textContent = element.textContent;
      return inner;
    }
    if (element.localName === "br") return inert.createElement("br");
    if (element.localName === "img") return imageOf(element as HTMLImageElement);
    if (keepsLines(element) && element.querySelector(FORMATTED) === null) {
      const text = linesOf(element);
      return asIs(
        BLOCK_TAGS.has(element.localName) ? text.trim() : text,
        tagOf(element) !== "span",
      );
    }
    return null;
  }

  function linesOf(element: Element): string {
    let text = "";
    const walk = (node: Node): void => {
      if (node.nodeType === Node.TEXT_NODE) text += node.nodeValue ?? "";
      if (node.nodeName === "BR") text += "\n";
      if (!(node instanceof Element) || isHidden(node) || skip(node)) return;
      if (node.matches(BUTTON) && node !== element) return;
      const isBlock = node !== element && BLOCK_TAGS.has(node.localName);
      if (isBlock && text !== "" && !text.endsWith("\n")) text += "\n";
      for (const child of childrenOf(node)) walk(child);
    };
    walk(element);
    return text;
  }

  function imageOf(image: HTMLImageElement): Node {
    const file = fileOf(image);
    if (file === null) return inert.createTextNode("");
    copy.files.push(file);
    if (file.url === undefined) return inert.createTextNode(file.name ?? "");
    const name = (file.name ?? "").replace(/\s+/g, " ").replace(/[[\]<\\]/g, "\\$&");
    return asIs(`![${name}](${file.url})`, false);
  }

  /** The element that takes the children's copies. */
  function shellOf(element: Element, into: HTMLElement): HTMLElement {
    const isInLink = into.closest("a") !== null;
    const citation = citationOf(element);
    if (citation && !isInLink) {
      if (!copy.sources.some(({ url }) => url === citation.url)) copy.sources.push(citation);
      const link = inert.createElement("a");
      link.setAttribute("href", citation.url);
      return link;
    }
    const tag = tagOf(element);
    const href = tag === "a" && !isInLink ? linkOf(element) : null;
    const shell = inert.createElement(tag === "a" && href === null ? "span" : tag);
    if (href !== null) shell.setAttribute("href", href);
    for (const name of ["start", "align"]) {
      const value = element.getAttribute(name);
      if (value !== null && /^[\w-]{1,20}$/.test(value)) shell.setAttribute(name, value);
    }
    return shell;
  }

  function copyText(text: string, into: HTMLElement, areLinesKept: boolean): void {
    const seen = text.replace(/[\u200b\u2060\ufeff]/g, "");
    if (!areLinesKept) return into.append(inert.createTextNode(seen));
    seen.split("\n").forEach((line, at) => {
      if (at > 0) into.append(inert.createElement("br"));
      into.append(inert.createTextNode(line));
    });
  }

  function copyNode(node: Node, into: HTMLElement, areLinesKept: boolean, depth: number): void {
    if (node.nodeType === Node.TEXT_NODE) return copyText(node.nodeValue ?? "", into, areLinesKept);
    if (!(node instanceof Element)) return;
    const formula = node.matches(".katex-display, .katex, math, mjx-container") && !skip(node);
    if (!formula && (isHidden(node) || skip(node))) return;
    if (depth > MAX_DEPTH) return into.append(inert.createTextNode(node.textContent));
    if (node.matches(BUTTON) && !citationOf(node)) {
      for (const image of node.querySelectorAll("img")) into.append(imageOf(image));
      return;
    }
    if (node.matches("input")) {
      const box = inert.createElement("input");
      if ((node as HTMLInputElement).checked) box.setAttribute("checked", "");
      return into.append(box);
    }
    const whole = wholeOf(node);
    if (whole) return into.append(whole);
    const shell = shellOf(node, into);
    into.append(shell);
    const lines = areLinesKept || keepsLines(node);
    for (const child of childrenOf(node)) copyNode(child, shell, lines, depth + 1);
  }

  for (const element of elements) {
    const block = inert.createElement("div");
    copy.element.append(block);
    copyNode(element, block, false, 0);
  }
  return copy;
}
