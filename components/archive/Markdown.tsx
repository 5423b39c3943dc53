import { memo, type ReactNode } from "react";
import ReactMarkdown, { type Components, type ExtraProps } from "react-markdown";
import rehypeHighlight from "rehype-highlight";
import remarkGfm from "remark-gfm";
import { CopyButton } from "../ui/CopyButton";
import { safeUrl } from "./safe-url";
import "./markdown.css";

/** Beyond this many characters parsing and highlighting would stop the page for seconds: such text is shown as it is. */
const MAX_PARSED = 200_000;

type Node = NonNullable<ExtraProps["node"]>;

function textOf(node: Node["children"][number]): string {
  if (node.type === "text") return node.value;
  return "children" in node ? node.children.map(textOf).join("") : "";
}

function languageOf(node: Node): string {
  const code = node.children[0];
  const names = code?.type === "element" ? code.properties.className : [];
  const named = Array.isArray(names)
    ? names.find((name) => String(name).startsWith("language-"))
    : "";
  return String(named ?? "").replace("language-", "");
}

function CodeBlock({ node, children }: { children?: ReactNode } & ExtraProps) {
  if (!node) return <pre>{children}</pre>;
  const language = languageOf(node);
  return (
    <div className="code-block">
      <div className="code-head">
        <span>{language || "code"}</span>
        <CopyButton text={textOf(node)} label="Copy code" look="quiet" isIconOnly />
      </div>
      <pre tabIndex={0}>{children}</pre>
    </div>
  );
}

function Link({ href, children }: { href?: string | undefined; children?: ReactNode }) {
  const url = safeUrl(href);
  if (url === null) return <>{children}</>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** Loading a captured picture would tell its host that, and when, the session is read. */
function ImageReference({ src, alt }: { src?: unknown; alt?: string | undefined }) {
  const url = safeUrl(typeof src === "string" ? src : null);
  const label = alt || "no description";
  return (
    <span className="image-reference">
      Image, not loaded: {url ? <Link href={url}>{label}</Link> : label}
    </span>
  );
}

/** Captured headings are all of one level below the message's own, whatever jumps they make. */
function heading(size: number) {
  return function Heading({ children }: { children?: ReactNode }) {
    return (
      <div role="heading" aria-level={3} className={`heading-${size}`}>
        {children}
      </div>
    );
  };
}

const components: Components = {
  a: ({ href, children }) => <Link href={href}>{children}</Link>,
  img: ({ src, alt }) => <ImageReference src={src} alt={alt} />,
  pre: CodeBlock,
  h1: heading(1),
  h2: heading(2),
  h3: heading(3),
  h4: heading(3),
  h5: heading(3),
  h6: heading(3),
  table: ({ children }) => (
    <div className="table-scroll" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
  input: ({ checked }) => (
    <input type="checkbox" checked={checked} disabled aria-label={checked ? "Done" : "Not done"} />
  ),
  // Footnotes link inside the page, and their ids would be the captured text's choice.
  sup: ({ children }) => <sup>{children}</sup>,
  section: ({ children }) => <section>{children}</section>,
  li: ({ children }) => <li>{children}</li>,
};

/** Captured text as Markdown: no HTML, no pictures, no links but to the web and to mail. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  if (text.length > MAX_PARSED) return <pre className="markdown plain-text">{text}</pre>;
  return (
    <div className="markdown">
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={[rehypeHighlight]}
        urlTransform={(url) => safeUrl(url) ?? ""}
        components={components}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
});
