/**
 * The README's table of agents, made from the agents themselves and from the tests that exist for them. `npm run agents-table` writes it;
 * readme-table.test.ts holds the README to it.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { runnerImport } from "vite";
import type { Agent } from "../agent";

const root = join(import.meta.dirname, "../..");
const README = join(root, "README.md");
const SECTION = /<!-- agents -->[\s\S]*<!-- \/agents -->/;

const KINDS: Record<Agent["kind"], string> = {
  chat: "Chats",
  coding: "Coding agents",
  "self-hosted": "Self-hosted, at any address that you name",
  any: "Any other page",
};

/** What was proven of an agent, by the files that prove it. */
function provenBy(id: string): string {
  const fixtures = join(root, "agents/fixtures", id);
  const files = existsSync(fixtures) ? readdirSync(fixtures) : [];
  const has = (ending: string): boolean => files.some((file) => file.endsWith(ending));
  const proofs = [
    has(".observation.json") && "fixture",
    has(".page.html") && "page fixture",
    has("replay.json") && "replay",
    existsSync(join(root, "e2e", `live-${id}.spec.ts`)) && "live",
  ];
  return proofs.filter(Boolean).join(", ");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function pagesOf({ origins, selfHosted, kind }: Agent): string {
  const own = origins.map((origin) => `\`${origin.slice(0, -2).replace("https://", "")}\``);
  const named = selfHosted || kind === "any" ? ["any origin you name"] : [];
  return [...own, ...named].join(", ");
}

function rowOf(agent: Agent): string {
  const facts = agent.facts.map(
    ({ fields, from, sure, source, date }) =>
      `**${cell(fields)}** from ${cell(from)} (${sure}; ${cell(source)}, ${date})`,
  );
  const history = [agent.history && "backfill", agent.imports && "import"].filter(Boolean);
  const cells = [
    agent.name,
    pagesOf(agent),
    facts.join("<br>"),
    history.join(", "),
    provenBy(agent.id),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The section between the README's marks, as prettier would have it. */
export async function agentsSection(agents: readonly Agent[]): Promise<string> {
  const tables = (Object.keys(KINDS) as Agent["kind"][]).flatMap((kind) => {
    const own = agents
      .filter((agent) => agent.kind === kind)
      .sort((a, b) => a.name.localeCompare(b.name, "en"));
    if (own.length === 0) return [];
    const head = ["| Agent | Pages | Read from | History | Proven |", "| - | - | - | - | - |"];
    const names = own.map(({ name }) => name).join(", ");
    const summary = `<details><summary><b>${KINDS[kind]}</b>: ${names}</summary>`;
    return [summary, [...head, ...own.map(rowOf)].join("\n"), "</details>"];
  });
  const text = ["<!-- agents -->", ...tables, "<!-- /agents -->"].join("\n\n");
  return (await format(text, { parser: "markdown", printWidth: 100 })).trim();
}

/** What stands between the marks now. */
export function writtenSection(): string {
  return SECTION.exec(readFileSync(README, "utf8"))?.[0] ?? "";
}

if (import.meta.main) {
  const { module } = await runnerImport<{ agents: readonly Agent[] }>(
    join(root, "agents/index.ts"),
    { root, configFile: false, logLevel: "error" },
  );
  const section = await agentsSection(module.agents);
  const readme = readFileSync(README, "utf8").replace(SECTION, () => section);
  writeFileSync(README, readme);
}
