import type { AgentDrift, DriftProblem } from "../../utils/storage";
import { count, formatDay } from "../format";

/** What has changed at an agent, in words for people. */
export interface DriftWords {
  /** What happened, since when. */
  title: string;
  /** What it means for what is saved. */
  meaning: string[];
  /** What to do next. */
  next: string;
}

const WORDS: Record<Exclude<DriftProblem["kind"], "unknown-part">, string> = {
  unplaced:
    "Some of its answers have a form that is not known: what only they hold is not saved. Everything else is.",
  failed:
    "Some of its answers could not be read: what only they hold is not saved. Everything else is.",
  "odd-shape":
    "Parts of its answers have a form that is not known and are left out. The rest is saved.",
  silent:
    "Its page showed messages that no known request brought: they may be missing or less complete. What was saved before is safe.",
};

function meaningOf(problems: readonly DriftProblem[]): string[] {
  const kinds = [...new Set(problems.flatMap((problem) => problem.kinds))];
  const lines = problems.flatMap(({ kind }) => (kind === "unknown-part" ? [] : [WORDS[kind]]));
  if (kinds.length > 0) {
    lines.push(`It sends new kinds of content, which are saved as they came: ${kinds.join(", ")}.`);
  }
  return [...new Set(lines)];
}

/** How many answers are kept, in a sentence; "" for none. */
export function keptWords(kept: number): string {
  if (kept === 0) return "";
  const [are, them] = kept === 1 ? ["is", "it"] : ["are", "them"];
  return `${count(kept, "answer")} that could not be read ${are} kept in this browser, with secrets masked; an update may read ${them}.`;
}

/** The words for an agent that has changed; null while it is read as ever. */
export function driftWords(name: string, { problems }: AgentDrift): DriftWords | null {
  if (problems.length === 0) return null;
  return {
    title: `${name} changed on ${formatDay(Math.min(...problems.map(({ since }) => since)))}.`,
    meaning: meaningOf(problems),
    next: "Look for an update of OpenSync Companion. If there is none, send the report to its developers: it holds shapes and no content.",
  };
}
