/** The law of agents whose pages' elements are read: every `<name>.page.html` of theirs, by the real reader. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { agents } from "../../agents";
import type { Agent, Readings } from "../../agents/agent";
import { readPage } from "../../agents/shared/page-reading";
import { readNow } from "./page";

const folder = join(import.meta.dirname, "../../agents/fixtures");

interface PageFixture {
  agentId: string;
  name: string;
  url: string;
  html: string;
  expected: unknown;
}

function load(agentId: string, file: string): PageFixture {
  const html = readFileSync(join(folder, agentId, file), "utf8");
  const url = /^<!-- url: (\S+)/.exec(html)?.[1] ?? "";
  const expected = file.replace(".page.html", ".page.expected.json");
  return {
    agentId,
    name: `${agentId}/${file}`,
    url,
    html,
    expected: JSON.parse(readFileSync(join(folder, agentId, expected), "utf8")) as unknown,
  };
}

const all = readdirSync(folder).flatMap((agentId) =>
  readdirSync(join(folder, agentId))
    .filter((file) => file.endsWith(".page.html"))
    .map((file) => load(agentId, file)),
);

/** A page's document, at its address. */
function documentOf(html: string, url: string): Document {
  const page = new DOMParser().parseFromString(html, "text/html");
  const base = page.createElement("base");
  base.setAttribute("href", url);
  page.head.prepend(base);
  return page;
}

function read(agent: Agent, { html, url }: Pick<PageFixture, "html" | "url">): Readings {
  if (!agent.page) return null;
  const body = JSON.stringify(readNow(documentOf(html, url), agent.page));
  const head = { tap: "page", url, method: "GET", status: 200, isTruncated: false };
  return readPage(agent, { ...head, body, pageUrl: url });
}

const readers = agents.filter(({ page }) => page !== undefined);

/** What no page may put into a session: running markup. */
const POISON =
  `<script>alert(1)</script><img src="https://x.example/a.png" onerror="alert(2)" alt='"><b>alt'>` +
  `<a href="javascript:alert(3)">press</a><a href="data:text/html,x">data</a>` +
  `<iframe srcdoc="<p>framed"></iframe><p title="<script>alert(4)</script>">said &lt;script&gt;</p>`;

describe.each(readers.map((agent) => [agent.id, agent] as const))("pages of %s", (id, agent) => {
  const own = all.filter((fixture) => fixture.agentId === id);

  it("have at least one fixture", () => {
    expect(own.length).toBeGreaterThan(0);
  });

  it.each(own.map((fixture) => [fixture.name, fixture] as const))(
    "%s is read exactly, twice",
    (_, fixture) => {
      expect(read(agent, fixture)).toStrictEqual(fixture.expected);
      expect(read(agent, fixture)).toStrictEqual(fixture.expected);
    },
  );

  it("are not read from, and not changed, by anything in them", () => {
    for (const { html, url } of own) {
      const page = documentOf(html, url);
      const before = page.documentElement.outerHTML;
      readNow(page, agent.page!);
      expect(page.documentElement.outerHTML).toBe(before);
    }
  });

  // One that is for any page reads what has the common forms, whoever shows it.
  it.skipIf(agent.kind === "any")("are no others: each other agent's page gives nothing", () => {
    for (const fixture of all.filter((other) => other.agentId !== id)) {
      expect(read(agent, fixture) ?? [], fixture.name).toEqual([]);
    }
  });

  it("hold no markup that runs, whatever is written into a message", () => {
    for (const { html, url } of own) {
      const page = documentOf(html, url);
      const { messages } = readNow(page, agent.page!);
      expect(messages.length).toBeGreaterThan(0);
      for (const selector of agent.page!.messages) {
        for (const element of page.querySelectorAll(selector)) {
          const body = agent.page!.body?.map((one) => element.querySelector(one)).find(Boolean);
          (body ?? element).insertAdjacentHTML("beforeend", POISON);
        }
      }
      const poisoned = readNow(page, agent.page!).messages;
      expect(JSON.stringify(poisoned)).not.toMatch(/alert\(|javascript:|data:text|onerror|framed/);
      const text = poisoned.map((message) => message.text + (message.reasoning ?? "")).join("\n");
      expect(text).toContain("press");
      expect(text).not.toMatch(/(?<!\\)<(?:script|b>)/);
    }
  });
});
