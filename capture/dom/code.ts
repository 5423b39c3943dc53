/** Code as pages show it: highlighted, in editors, under bars with a language and buttons. */

/** Elements that hold one block of code, the bar around it included. CodeMirror is ChatGPT's since 2026-07, code-block Gemini's. */
const BLOCKS = "pre, code-block, .cm-editor, [data-component='markdown-code']";
const INNER = "code, .cm-content, pre";
const LANGUAGE = /(?:^|\s)(?:language|lang|highlight-source)-([\w+#.-]+)/;

/** A block of code. */
export interface Code {
  language: string;
  text: string;
}

/** Text with the line breaks of `br` and of an editor's lines. */
function linesOf(element: Element): string {
  const lines = [...element.querySelectorAll(":scope > .cm-line")];
  if (lines.length > 0) return lines.map((line) => line.textContent).join("\n");
  if (element.querySelector("br") === null) return element.textContent;
  let text = "";
  const walk = (node: Node): void => {
    if (node.nodeName === "BR") text += "\n";
    else if (node.nodeType === Node.TEXT_NODE) text += node.nodeValue ?? "";
    else for (const child of node.childNodes) walk(child);
  };
  walk(element);
  return text;
}

function languageOf(element: Element): string | undefined {
  const named = element.getAttribute("data-language") ?? element.getAttribute("data-lang");
  if (named && /^[\w+#.-]{1,30}$/.test(named)) return named.toLowerCase();
  return LANGUAGE.exec(element.getAttribute("class") ?? "")?.[1]?.toLowerCase();
}

/** The language that the bar beside the code names, such as "Python": the one short word there that is no button. */
function labelOf(block: Element, inner: Element): string | undefined {
  const walk = (node: Element): string | undefined => {
    if (node === inner || node.matches("button, [role='button'], svg, style")) return undefined;
    for (const child of node.childNodes) {
      const text = child.nodeType === Node.TEXT_NODE ? (child.nodeValue ?? "").trim() : undefined;
      if (text && /^[A-Za-z][\w+#.-]{0,20}$/.test(text)) return text.toLowerCase();
      const below = child.nodeType === Node.ELEMENT_NODE ? walk(child as Element) : undefined;
      if (below) return below;
    }
    return undefined;
  };
  return walk(block);
}

/** The code of an element that is one block of it; null for any other. */
export function codeOf(block: Element): Code | null {
  if (!block.matches(BLOCKS)) return null;
  const found = [...block.querySelectorAll(INNER)];
  const inner = found.find((one) => one.matches("code, .cm-content")) ?? found[0] ?? block;
  // Several pieces of code in one block are lines of it.
  const lines = found.filter((one) => one.matches("code") && !one.contains(inner) && one !== inner);
  const text = lines.length > 0 ? [inner, ...lines].map(linesOf).join("\n") : linesOf(inner);
  const around = [inner, inner.parentElement, block].filter((one) => one !== null);
  const language =
    around.map(languageOf).find(Boolean) ?? (inner === block ? undefined : labelOf(block, inner));
  return { language: language ?? "", text: text.replace(/\n$/, "") };
}
