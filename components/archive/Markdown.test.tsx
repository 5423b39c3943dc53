import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { Markdown } from "./Markdown";
import { safeUrl } from "./safe-url";

afterEach(cleanup);

/** Ways to get script, markup, pictures or strange links out of captured text. */
const ATTACKS = [
  "<script>alert(1)</script>",
  "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
  "<img src=x onerror=alert(1)>",
  "<img src='https://evil.example/pixel.gif'>",
  "<svg onload=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
  "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
  "<iframe src='javascript:alert(1)'></iframe>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<object data='data:text/html,<script>alert(1)</script>'></object>",
  "<embed src='https://evil.example/x.swf'>",
  "<link rel=stylesheet href='https://evil.example/x.css'>",
  "<style>body{background:url(https://evil.example/x)}</style>",
  "<base href='https://evil.example/'>",
  "<meta http-equiv=refresh content='0;url=https://evil.example'>",
  "<form action='https://evil.example'><input name=a><button>go</button></form>",
  "<a href='javascript:alert(1)'>x</a>",
  "<video src=x onerror=alert(1)></video>",
  "<audio src='https://evil.example/a.mp3' autoplay></audio>",
  "<details open ontoggle=alert(1)>x</details>",
  "<body onload=alert(1)>",
  "<div style='background:url(javascript:alert(1))'>x</div>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
  "<template><img src=x onerror=alert(1)></template>",
  "<!--><img src=x onerror=alert(1)>-->",
  "<![CDATA[<img src=x onerror=alert(1)>]]>",
  "<x onclick=alert(1)>x</x>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](javascript&colon;alert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "[x](vbscript:msgbox(1))",
  "[x](file:///etc/passwd)",
  "[x](blob:https://evil.example/1)",
  "[x](chrome-extension://abc/options.html)",
  "[x](view-source:https://evil.example)",
  "[x](options.html)",
  "[x](#/session/other)",
  "[x](//evil.example/x)",
  "[x][1]\n\n[1]: javascript:alert(1)",
  "![x](https://evil.example/pixel.gif)",
  "![x](javascript:alert(1))",
  "![x](data:image/svg+xml,<svg onload=alert(1)>)",
  '![x](https://evil.example/p "onerror=alert(1)")',
  "<javascript:alert(1)>",
  "`<img src=x onerror=alert(1)>`",
  "```html\n<img src=x onerror=alert(1)>\n```",
  '```x"onmouseover=alert(1)\ncode\n```',
  "| <img src=x onerror=alert(1)> |\n| --- |\n| [x](javascript:alert(1)) |",
  "- [x] <img src=x onerror=alert(1)>",
  "[^1]\n\n[^1]: <img src=x onerror=alert(1)> [x](javascript:alert(1))",
  "# <img src=x onerror=alert(1)>",
  "> <iframe src=javascript:alert(1)>",
  "**<b onmouseover=alert(1)>x</b>**",
];

const ALLOWED = new Set(
  "div p span a pre code strong em del ul ol li blockquote table thead tbody tr th td input br hr sup section button svg path rect".split(
    " ",
  ),
);

const ALLOWED_ATTRIBUTES =
  /^(class|href|target|rel|role|aria-|tabindex|type|checked|disabled|title|start|style|xmlns|width|height|viewbox|fill|stroke|d$|rx|ry|x$|y$)/i;

describe("Markdown", () => {
  it.each(ATTACKS)("renders %j as harmless text", (text) => {
    const { container } = render(<Markdown text={text} />);
    for (const element of container.querySelectorAll("*")) {
      expect(ALLOWED).toContain(element.localName);
      for (const { name } of element.attributes) expect(name).toMatch(ALLOWED_ATTRIBUTES);
    }
    for (const link of container.querySelectorAll("a")) {
      expect(link.href).toMatch(/^(https?:\/\/|mailto:)/);
      expect(link.rel).toBe("noopener noreferrer");
      expect(link.target).toBe("_blank");
    }
    expect(container.innerHTML).not.toMatch(/<[^>]* on\w+=/i);
  });

  it("keeps the words of markup that it does not take as markup", () => {
    const { container } = render(<Markdown text={"before <b>bold</b> <script>x</script> after"} />);
    expect(container.textContent).toBe("before <b>bold</b> <script>x</script> after");
  });

  it("names a picture instead of loading it", () => {
    const { container } = render(<Markdown text="![a chart](https://example.com/chart.png)" />);
    expect(container.querySelector("img")).toBeNull();
    expect(container.textContent).toBe("Image, not loaded: a chart");
    expect(screen.getByRole("link", { name: "a chart" })).toHaveProperty(
      "href",
      "https://example.com/chart.png",
    );
  });

  it("highlights code and offers to copy it", () => {
    const { container } = render(<Markdown text={"```ts\nconst a = 1;\n```"} />);
    expect(container.querySelector(".hljs-keyword")?.textContent).toBe("const");
    expect(screen.getByRole("button", { name: "Copy code" })).toBeTruthy();
  });

  it("shows code of an unknown language as it is", () => {
    const { container } = render(<Markdown text={"```nosuch\na < b\n```"} />);
    expect(container.querySelector("pre")?.textContent).toBe("a < b\n");
  });

  it("has no ids of the text's choice", () => {
    const { container } = render(<Markdown text={"# root\n\nText[^root]\n\n[^root]: note"} />);
    expect(container.querySelectorAll("[id]")).toHaveLength(0);
  });

  it("shows very long text without parsing it", () => {
    const { container } = render(<Markdown text={"**a** ".repeat(50_000)} />);
    expect(container.querySelector("strong")).toBeNull();
    expect(container.textContent).toHaveLength(300_000);
  });
});

describe("safeUrl", () => {
  it.each(["https://example.com/", "http://localhost:4096/x", "mailto:ada@example.com"])(
    "takes %s",
    (url) => expect(safeUrl(url)).toBe(url),
  );
  it.each(["javascript:alert(1)", "/x", "#x", "", "data:text/html,x", "ftp://x", undefined, null])(
    "refuses %s",
    (url) => expect(safeUrl(url)).toBeNull(),
  );
});
