import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { ATTACKS } from "../testing/attacks";
import { Markdown } from "./Markdown";
import { safeUrl } from "./safe-url";

afterEach(cleanup);

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
