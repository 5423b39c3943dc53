import type { StartImport } from "../../utils/import-run";
import type { AgentInfo } from "../agents/switch-agent";
import { formatBytes } from "../format";
import { Button } from "../ui/Button";
import { Progress } from "../ui/Progress";
import { Section } from "../ui/Section";
import { DropZone } from "./DropZone";
import { ImportResult } from "./ImportResult";
import { useImport, type ImportState } from "./use-import";

interface Props {
  agents: readonly (AgentInfo & { imports?: unknown[] })[];
  startImport: StartImport;
}

function Running({ state, onStop }: { state: ImportState; onStop: () => void }) {
  const { bytes, totalBytes, files } = state;
  const sessions = files.reduce((sum, file) => sum + file.sessions, 0);
  return (
    <div className="grid gap-2">
      <Progress label="Import" value={bytes} max={totalBytes} />
      <div className="flex items-center justify-between gap-3 text-sm text-ink-soft">
        <p>
          {formatBytes(bytes)} of {formatBytes(totalBytes)}, {state.added + state.known} messages
          {sessions > 0 && `, ${sessions} sessions`}. Keep this page open.
        </p>
        <Button size="small" onClick={onStop}>
          Stop
        </Button>
      </div>
    </div>
  );
}

/** Importing the files that agents give people who ask for their data. */
export function ImportSection({ agents, startImport }: Props) {
  const { state, start, stop } = useImport(startImport);
  const names = agents.filter(({ imports }) => imports).map(({ name }) => name);
  return (
    <Section
      title="Import export files"
      intro={`Ask the agent for an export of your data and drop it here as it came. Known: ${names.join(", ")}. What is in your archive already is not stored twice. Secrets are masked first, as in everything that is captured.`}
    >
      <DropZone isDisabled={state.phase === "running"} onFiles={start} />
      {state.phase === "running" && <Running state={state} onStop={stop} />}
      {state.phase !== "idle" && <ImportResult state={state} />}
    </Section>
  );
}
