import { useCallback, useEffect, useRef, useState } from "react";
import type { Trouble } from "../../utils/errors";
import type { FileReport, ImportBatch, StartImport } from "../../utils/import-run";
import { sendMessage } from "../../utils/messages";
import { ask } from "../ask";

export interface ImportState {
  phase: "idle" | "running" | "done" | "stopped";
  bytes: number;
  totalBytes: number;
  /** Messages that were not known before. */
  added: number;
  /** Messages that were there already. */
  known: number;
  files: FileReport[];
  /** Why it ended early; what was read before is kept. */
  trouble: Trouble | null;
}

const IDLE: ImportState = {
  ...{ phase: "idle", bytes: 0, totalBytes: 0, added: 0, known: 0, files: [], trouble: null },
};

function unreadable(message: string): Trouble {
  const next = "Choose the file again; what is there already is not brought in twice.";
  return { code: "unexpected", message, next, at: Date.now() };
}

/** One import at a time: its state, and what starts and stops it. */
export function useImport(startImport: StartImport) {
  const [state, setState] = useState(IDLE);
  const end = useRef<() => void>(() => undefined);
  useEffect(() => () => end.current(), []);

  const start = useCallback(
    (files: File[]) => {
      if (files.length === 0) return;
      const change = (patch: Partial<ImportState>) => setState((now) => ({ ...now, ...patch }));
      const totalBytes = files.reduce((sum, file) => sum + file.size, 0);
      setState({ ...IDLE, phase: "running", totalBytes });

      async function onBatch(batch: ImportBatch): Promise<void> {
        const answer = await ask(sendMessage("importReadings", batch));
        if (!answer.ok) {
          change({ phase: "stopped", trouble: answer.trouble });
          throw new Error(answer.trouble.code);
        }
        const { added, known } = answer.value;
        setState((now) => ({ ...now, added: now.added + added, known: now.known + known }));
      }
      end.current = startImport(files, {
        onBatch,
        onFile: (report) => setState((now) => ({ ...now, files: [...now.files, report] })),
        onProgress: (bytes) => change({ bytes }),
        onDone: (problem) =>
          change({
            phase: "done",
            bytes: totalBytes,
            trouble: problem ? unreadable(problem) : null,
          }),
      });
    },
    [startImport],
  );

  const stop = useCallback(() => {
    end.current();
    setState((now) => ({ ...now, phase: "stopped" }));
  }, []);

  return { state, start, stop };
}
