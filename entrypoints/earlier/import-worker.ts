import { agents } from "../../agents";
import { batchesOf } from "../../capture/import/batches";
import { importFiles } from "../../capture/import/import";
import type { ImportNews, ImportOrder } from "../../utils/import-run";

let taken: () => void = () => undefined;

const tell = (news: ImportNews): void => postMessage(news);

async function run(files: File[]): Promise<void> {
  await importFiles(files, {
    agents,
    async onReadings(agent, readings) {
      for (const batch of readings.flatMap(batchesOf)) {
        const answer = new Promise<void>((resolve) => (taken = resolve));
        tell({ kind: "batch", batch: { agentId: agent.id, readings: [batch] } });
        await answer;
      }
    },
    onFile: (report) => tell({ kind: "file", report }),
    onProgress: (bytes) => tell({ kind: "progress", bytes }),
    // It is stopped by ending the worker.
    signal: new AbortController().signal,
  });
}

addEventListener("message", ({ data }: MessageEvent<ImportOrder>) => {
  if (data.kind === "taken") return taken();
  run(data.files).then(
    () => tell({ kind: "done", problem: null }),
    () => {
      const problem = "A file could not be read any further: it was moved, changed or is damaged.";
      tell({ kind: "done", problem });
    },
  );
});
