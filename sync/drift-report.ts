/** What a person can send to the developers about an agent that has changed: shapes and no content. */
import type { AgentDrift } from "../utils/storage";
import type { FailureRow } from "./database";

/** What a report says of the agent itself. */
export interface AgentFacts {
  id: string;
  name: string;
  taps: readonly { id: string }[];
  facts: readonly { from: string; date: string }[];
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function problemLines({ problems }: AgentDrift): string[] {
  return problems.map(({ kind, tap, kinds, since, version }) =>
    [
      `- ${kind}${tap ? ` at ${tap}` : ""} since ${day(since)}, version ${version}`,
      kinds.length > 0 && `: ${kinds.join(", ")}`,
    ]
      .filter(Boolean)
      .join(""),
  );
}

function factLines(facts: AgentFacts["facts"]): string[] {
  return [...new Set(facts.map(({ from, date }) => `- ${from}: ${date}`))];
}

/** The report as text. */
export function driftReport(
  agent: AgentFacts,
  drift: AgentDrift,
  failures: readonly FailureRow[],
  version: string,
): string {
  const answers = failures.map(({ kind, detail, tap, at, shape }, index) => {
    const why = detail === "" ? kind : `${kind} (${detail})`;
    return [`Answer ${index + 1}: ${why} at ${tap}, ${day(at)}`, shape].join("\n");
  });
  const parts = [
    `OpenSync Companion ${version}: ${agent.name} (${agent.id}) has changed`,
    ["What was seen:", ...problemLines(drift)].join("\n"),
    ["What the reader was written by:", ...factLines(agent.facts)].join("\n"),
    ...answers,
  ];
  return `${parts.join("\n\n")}\n`;
}
