import type { FileReport } from "../../utils/import-run";
import { count } from "../format";
import { TroubleNotice } from "../TroubleNotice";
import { Fold } from "../ui/Fold";
import { Notice } from "../ui/Notice";
import type { ImportState } from "./use-import";

/** "12 sessions; 3 without messages; 1 entry not recognised". */
function fileWords({ sessions, empty, unrecognised }: FileReport): string {
  return [
    count(sessions, "session"),
    empty > 0 && `${empty} without messages`,
    unrecognised > 0 && `${count(unrecognised, "entry", "entries")} not recognised`,
  ]
    .filter(Boolean)
    .join("; ");
}

function FileLine({ report }: { report: FileReport }) {
  return (
    <li className="grid gap-0.5 py-2 text-sm">
      <span className="font-mono text-xs wrap-anywhere">{report.path}</span>
      {report.agentName && (
        <span>
          {report.agentName}: {fileWords(report)}
        </span>
      )}
      {report.problem && <span className="text-ink-soft">{report.problem}</span>}
    </li>
  );
}

/** What an import has brought, and what became of every file. */
export function ImportResult({ state }: { state: ImportState }) {
  const { phase, added, known, files, trouble } = state;
  const recognised = files.filter(({ agentName }) => agentName !== null);
  const skipped = files.filter(({ agentName }) => agentName === null);
  const sessions = recognised.reduce((sum, file) => sum + file.sessions, 0);
  const words = `${count(sessions, "session")}: ${count(added, "new message")}, ${known} already there.`;
  return (
    <>
      {trouble && <TroubleNotice trouble={trouble} />}
      {phase !== "running" && recognised.length > 0 && (
        <Notice tone={phase === "done" ? "good" : "info"} title={words}>
          {phase === "stopped" && "Stopped. What was read until then stays. "}
          It goes to Convex from here by itself, also after this page is closed.
        </Notice>
      )}
      {phase === "done" && recognised.length === 0 && (
        <Notice tone="warn" title="No sessions were found, so nothing was imported.">
          Choose the ZIP that the agent sent you, or the files in it, as they are.
        </Notice>
      )}
      {recognised.length > 0 && (
        <ul aria-label="Files with sessions" className="grid divide-y divide-line">
          {recognised.map((report) => (
            <FileLine key={report.path} report={report} />
          ))}
        </ul>
      )}
      {skipped.length > 0 && (
        <Fold summary={`${count(skipped.length, "file")} skipped`}>
          <ul aria-label="Skipped files" className="grid divide-y divide-line">
            {skipped.map((report) => (
              <FileLine key={report.path} report={report} />
            ))}
          </ul>
        </Fold>
      )}
    </>
  );
}
