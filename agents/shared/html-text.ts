/** Markdown of the simple HTML that exports hold, without a document to parse it with: what is not known as a mark is left out, its text stays. */

const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/** What a mark becomes; `/` begins a closing one. */
const MARKS: Record<string, string> = {
  br: "\n",
  "/p": "\n\n",
  "/div": "\n",
  "/ul": "\n",
  "/ol": "\n",
  "/tr": "\n",
  "/td": " ",
  "/th": " ",
  li: "\n- ",
  strong: "**",
  "/strong": "**",
  b: "**",
  "/b": "**",
  em: "*",
  "/em": "*",
  i: "*",
  "/i": "*",
  pre: "\n```",
  "/pre": "\n```\n",
  hr: "\n---\n",
  blockquote: "\n> ",
};

function character(entity: string): string {
  const code = /^#x/i.test(entity) ? parseInt(entity.slice(2), 16) : Number(entity.slice(1));
  const isCode = entity.startsWith("#") && code > 0 && code <= 0x10ffff;
  return isCode ? String.fromCodePoint(code) : (ENTITIES[entity.toLowerCase()] ?? `&${entity};`);
}

function decoded(text: string): string {
  return text.replace(/&(#x?[0-9a-f]{1,6}|\w{2,8});/gi, (_, entity: string) => character(entity));
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\s${name}="([^"]*)"`, "i").exec(tag)?.[1];
}

/** Markdown text of HTML. */
export function htmlText(html: string): string {
  let links: string[] = [];
  let isCode = false;
  const pieces = html.split("<").map((piece, at) => {
    const end = at === 0 ? -1 : piece.indexOf(">");
    if (at > 0 && end === -1) return decoded(`<${piece}`);
    const tag = piece.slice(0, Math.max(end, 0));
    const text = decoded(piece.slice(end + 1));
    const name = /^\/?[a-z][a-z0-9]*/i.exec(tag)?.[0].toLowerCase() ?? "";
    if (name === "pre" || name === "/pre") isCode = name === "pre";
    if (name === "code" || name === "/code") {
      const language = /(?:language|lang)-([\w+#-]+)/.exec(attribute(tag, "class") ?? "")?.[1];
      if (isCode) return (name === "code" ? `${language ?? ""}\n` : "") + text;
      return `\`${text}`;
    }
    if (name === "a") {
      const href = decoded(attribute(tag, "href") ?? "");
      links = [...links, /^https?:/.test(href) ? href : ""];
      return (links.at(-1) ? "[" : "") + text;
    }
    if (name === "/a") {
      const href = links.at(-1);
      links = links.slice(0, -1);
      return (href ? `](${href})` : "") + text;
    }
    const heading = /^(\/?)h([1-6])$/.exec(name);
    if (heading) return (heading[1] ? "\n\n" : `\n${"#".repeat(Number(heading[2]))} `) + text;
    return (MARKS[name] ?? "") + text;
  });
  return pieces
    .join("")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
