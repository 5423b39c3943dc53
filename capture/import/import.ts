/** Official exports as readings: finds each file's agent by what is in it, and says of every file what became of it. */
import type { Agent, Import, Reading } from "../../agents/agent";
import type { FileReport } from "../../utils/import-run";
import { DAMAGED, readEntries, type SourceFile } from "./entries";
import { formText, readValues } from "./values";

export interface ImportDeps {
  agents: readonly Agent[];
  /** Takes one agent's readings; the next piece is read when it resolves. */
  onReadings(agent: Agent, readings: Reading[]): Promise<void>;
  onFile(report: FileReport): void;
  /** Bytes read so far of all files. */
  onProgress(bytes: number): void;
  /** Ends the import between two pieces. */
  signal: AbortSignal;
}

interface Rule {
  agent: Agent;
  rule: Import;
}

const NOT_FOR_SESSIONS = "No agent keeps sessions in a file of this name.";
const NOTHING_KNOWN = "Nothing in it has the form of an agent's session.";

function rulesFor(path: string, agents: readonly Agent[]): Rule[] {
  return agents.flatMap((agent) =>
    (agent.imports ?? [])
      .filter(({ file }) => new RegExp(file, "i").test(path))
      .map((rule) => ({ agent, rule })),
  );
}

/** The first rule that takes the value. A reader that throws has met what it does not know. */
function recognise(rules: Rule[], value: unknown, path: string): [Rule, Reading[]] | null {
  for (const candidate of rules) {
    try {
      const readings = candidate.rule.read(value, path);
      if (readings) return [candidate, readings];
    } catch {
      // Told as an entry that is not recognised.
      continue;
    }
  }
  return null;
}

/** Reads all files, one after the other. */
export async function importFiles(files: readonly SourceFile[], deps: ImportDeps): Promise<void> {
  const { agents, onFile, onReadings, onProgress, signal } = deps;
  let read = 0;
  let found: [Agent, Reading[]][] = [];

  async function handOver(): Promise<void> {
    const all = found;
    found = [];
    for (const [agent, readings] of all) if (!signal.aborted) await onReadings(agent, readings);
  }

  function open(label: string, path: string) {
    const report: FileReport = {
      ...{ path: label, agentName: null, sessions: 0, empty: 0, unrecognised: 0, problem: null },
    };
    let rules = rulesFor(path, agents);
    if (rules.length === 0) {
      onFile({ ...report, problem: NOT_FOR_SESSIONS });
      return null;
    }
    return readValues({
      forms: rules.map(({ rule }) => rule),
      onValue(value, form) {
        const fitting = rules.filter(({ rule }) => formText(rule) === formText(form));
        const taken = recognise(fitting, value, path);
        if (!taken) {
          report.unrecognised += 1;
          return;
        }
        const [rule, readings] = taken;
        // The one that took the first entry takes the others: it is asked first.
        rules = [rule, ...rules.filter((other) => other !== rule)];
        report.agentName = rule.agent.name;
        const full = readings.filter(({ messages }) => messages.length > 0);
        report.sessions += full.length;
        if (full.length === 0) report.empty += 1;
        else found.push([rule.agent, full]);
      },
      onEnd(problem) {
        const isNothing = report.sessions + report.empty === 0;
        onFile({ ...report, problem: problem ?? (isNothing ? NOTHING_KNOWN : null) });
      },
    });
  }

  for (const file of files) {
    if (signal.aborted) return;
    await readEntries(file, {
      open: (path) => open(path === file.name ? path : `${file.name}: ${path}`, path),
      onMissingEnd() {
        const counts = { sessions: 0, empty: 0, unrecognised: 0 };
        onFile({ path: file.name, agentName: null, ...counts, problem: DAMAGED });
      },
      async afterPiece(bytes) {
        await handOver();
        signal.throwIfAborted();
        onProgress((read += bytes));
      },
    });
    await handOver();
  }
}
