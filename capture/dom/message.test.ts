import { afterEach, describe, expect, it } from "vitest";
import type { PageRules } from "../../agents/agent";
import { readNow } from "./page";

const rules: PageRules = {
  use: "instead",
  messages: [".message"],
  roles: [
    { role: "user", match: ".user" },
    { role: "assistant", match: ".agent" },
  ],
  ids: ["data-id"],
  body: [".body"],
  reasoning: [".thoughts"],
  strip: [".bar"],
  model: [".agent@data-model"],
  time: ["time@datetime"],
};

afterEach(() => document.body.replaceChildren());

function messages(html: string, given = rules) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const base = page.createElement("base");
  base.href = "https://chat.example/c/1";
  page.head.append(base);
  return readNow(page, given).messages;
}

/** The only message of an agent with this body. */
function answer(html: string) {
  const [message] = messages(`<div class="message agent"><div class="body">${html}</div></div>`);
  return message!;
}

const text = (html: string) => answer(html).text;

describe("the Markdown of a message", () => {
  it("has headings, emphasis, quotes, rules and line breaks", () => {
    expect(
      text(
        "<h2>Plan</h2><p>Do <b>this</b> and <em>that</em>, <s>not</s> so.<br>Now.</p><blockquote><p>Said</p></blockquote><hr>",
      ),
    ).toBe("## Plan\n\nDo **this** and *that*, ~~not~~ so.\nNow.\n\n> Said\n\n---");
  });

  it("has lists in lists, the number at which one starts, and tasks", () => {
    expect(
      text(
        "<ol start=3><li>three<ul><li>inner<ol><li>deep</li></ol></li></ul></li><li>four</li></ol>",
      ),
    ).toBe("3. three\n   - inner\n     1. deep\n4. four");
    expect(
      text("<ul><li><input type=checkbox checked>done</li><li><input type=checkbox>open</li></ul>"),
    ).toBe("- [x] done\n- [ ] open");
  });

  it("has tables, whatever is in their cells", () => {
    expect(
      text(
        "<table><thead><tr><th>A</th><th align=right>B</th></tr></thead><tbody><tr><td><code>x | y</code></td><td>1<br>2</td></tr></tbody></table>",
      ),
    ).toBe("| A | B |\n| --- | ---: |\n| `x \\| y` | 1<br>2 |");
    expect(text("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td></td></tr></table>")).toBe(
      "| a | b |\n| --- | --- |\n| c |  |",
    );
  });

  it("has code with its language and without the bars around it", () => {
    const code = "if (a < b) {\n\n  return `x`;  \n}";
    const set = code.replaceAll("<", "&lt;");
    expect(text(`<pre><code class="hljs language-ts">${set}\n</code></pre>`)).toBe(
      `\`\`\`ts\n${code}\n\`\`\``,
    );
    expect(
      text(
        `<pre><div><span>Python</span><button>Copy code</button></div><code>${set}</code></pre>`,
      ),
    ).toBe(`\`\`\`python\n${code}\n\`\`\``);
    expect(
      text(
        `<code-block><div class="head">Rust<button>Copy</button></div><pre><code>fn main() {}</code></pre></code-block>`,
      ),
    ).toBe("```rust\nfn main() {}\n```");
    expect(text("<pre><code>```\ninner\n```</code></pre>")).toBe("````\n```\ninner\n```\n````");
  });

  it("has the code of editors line by line", () => {
    expect(
      text(
        `<pre><div class="cm-editor"><div class="cm-content" data-language="js"><div class="cm-line">a();</div><div class="cm-line"><br></div><div class="cm-line">b();</div></div></div></pre>`,
      ),
    ).toBe("```js\na();\n\nb();\n```");
  });

  it("has every formula once, in TeX", () => {
    const katex = (tex: string) =>
      `<span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi><annotation encoding="application/x-tex">${tex}</annotation></semantics></math></span><span class="katex-html" aria-hidden="true">x</span></span>`;
    expect(text(`<p>so ${katex("a_1 * b")} holds</p>`)).toBe("so $a_1 * b$ holds");
    expect(text(`<span class="katex-display">${katex("\\frac{1}{2}")}</span>`)).toBe(
      "$$\n\\frac{1}{2}\n$$",
    );
    expect(text(`<div class="math-block" data-math="e^x"><span>ex</span></div>`)).toBe(
      "$$\ne^x\n$$",
    );
    expect(text(`<math><mi>y</mi></math>`)).toBe("$y$");
  });

  it("has links where they lead, and only to the web and mail", () => {
    expect(text(`<a href="/docs?a=1">docs</a> <a href="mailto:a@b.example">mail</a>`)).toBe(
      "[docs](https://chat.example/docs?a=1) [mail](mailto:a@b.example)",
    );
    expect(text(`<a href="javascript:go()">go</a> <a href=" data:text/html,x">on</a>`)).toBe(
      "go on",
    );
  });

  it("has images as references, and their addresses only if they last and anybody may see them", () => {
    const { text: shown, files } = answer(
      `<img src="https://pics.example/cat.png" alt="A cat"><img src="https://pics.example/b.png?sig=1" alt="signed"><img src="/own.png" alt="own"><img src="blob:https://chat.example/1" alt="made"><img src="https://pics.example/dot.gif" alt="">`,
    );
    expect(shown).toBe("![A cat](https://pics.example/cat.png)signedownmade");
    expect(files).toEqual([
      { name: "A cat", mediaType: "image/png", url: "https://pics.example/cat.png" },
      { name: "signed" },
      { name: "own" },
      { name: "made" },
    ]);
  });

  it("has what it cites as sources too, each once", () => {
    const { text: shown, sources } = answer(
      `<p>Rain <sup><a href="https://w.example/a?x=1" title="Weather">1</a></sup><span data-pplx-citation-url="https://w.example/b"><a href="https://w.example/b">w</a></span><sup><a href="https://w.example/a?x=1">1</a></sup></p>`,
    );
    expect(sources).toEqual([
      { url: "https://w.example/a?x=1", title: "Weather" },
      { url: "https://w.example/b", title: "w" },
    ]);
    expect(shown).toBe(
      "Rain [1](https://w.example/a?x=1)[w](https://w.example/b)[1](https://w.example/a?x=1)",
    );
  });

  it("has nothing that a page hides, and no buttons and bars", () => {
    expect(
      text(
        `<h2 class="sr-only">Agent said:</h2><p>shown<span aria-hidden="true">twice</span><span style="display: none">never</span></p><div class="bar">Model 5</div><button>Copy</button><style>p{}</style><div role="toolbar">Edit</div><svg><title>Icon</title></svg>`,
      ),
    ).toBe("shown");
  });

  it("keeps signs that only look like Markdown, and names that are searched for", () => {
    expect(text("<p>2 * 3 * 4, snake_case, &lt;b&gt;, [a](b), C:\\dir</p>")).toBe(
      "2 \\* 3 \\* 4, snake_case, \\<b>, \\[a](b), C:\\dir",
    );
    expect(text("<p># no heading</p><p>1. no list</p>")).toBe("\\# no heading\n\n1\\. no list");
  });

  it("is what a person typed, line by line, where the page keeps lines", () => {
    const [message] = messages(
      `<div class="message user"><div class="body"><div class="whitespace-pre-wrap">Fix *this*:\n\n    a_b = &lt;x&gt;\nplease</div></div></div>`,
    );
    expect(message?.text).toBe("Fix *this*:\n\n    a_b = <x>\nplease");
  });
});

describe("a message", () => {
  it("has its id, model, time and reasoning, which is no part of its text", () => {
    expect(
      messages(
        `<div class="message agent" data-model="m-1" data-id="a b"><div class="thoughts"><p>Hm.</p></div><div class="body">Yes</div><time datetime="2026-11-01T10:00:00Z">10:00</time></div>`,
      ),
    ).toEqual([
      {
        role: "assistant",
        text: "Yes",
        id: "b",
        model: "m-1",
        time: "2026-11-01T10:00:00Z",
        reasoning: "Hm.",
      },
    ]);
  });

  it("has the id around it only where that is its own", () => {
    const pair = `<div class="message user">one</div><div class="message agent">two</div>`;
    expect(messages(`<div data-id="turn">${pair}</div>`).map(({ id }) => id)).toEqual([
      undefined,
      undefined,
    ]);
    expect(
      messages(`<div data-id="u"><div class="message user">one</div></div>`).map(({ id }) => id),
    ).toEqual(["u"]);
  });

  it("is one although the page shows it in pieces, and none without a role or anything in it", () => {
    expect(
      messages(
        `<div class="message agent" data-id="1">a</div><div class="message agent" data-id="1">b</div><div class="message">ad</div><div class="message user"></div>`,
      ),
    ).toEqual([{ role: "assistant", id: "1", text: "a\n\nb" }]);
  });

  it("is not looked for inside another", () => {
    expect(
      messages(`<div class="message agent"><div class="message agent">inner</div></div>`),
    ).toHaveLength(1);
  });

  it("comes in the order of time where the newest is first", () => {
    const html = `<div class="message agent">new</div><div class="message user">old</div>`;
    expect(messages(html, { ...rules, isNewestFirst: true }).map((one) => one.text)).toEqual([
      "old",
      "new",
    ]);
  });

  it("is found in open shadow roots, with what is put into their slots", () => {
    document.body.innerHTML = `<main></main>`;
    const outer = document.querySelector("main")!.attachShadow({ mode: "open" });
    outer.innerHTML = `<div class="message user"><p>hello</p></div><div class="message agent"><x-text>slotted</x-text></div>`;
    outer.querySelector("x-text")!.attachShadow({ mode: "open" }).innerHTML =
      `<p>before <slot></slot></p>`;
    expect(readNow(document, rules).messages).toEqual([
      { role: "user", text: "hello" },
      { role: "assistant", text: "before slotted" },
    ]);
  });
});
