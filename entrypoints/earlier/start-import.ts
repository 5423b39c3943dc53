import type { ImportNews, ImportOrder, StartImport } from "../../utils/import-run";

/** Reads the files in a worker of their own, so that the page stays quick. */
export const startImport: StartImport = (files, listener) => {
  const worker = new Worker(new URL("./import-worker.ts", import.meta.url), { type: "module" });
  const order = (what: ImportOrder): void => worker.postMessage(what);
  const end = (problem: string | null): void => {
    worker.terminate();
    listener.onDone(problem);
  };
  worker.onerror = () => end("The files could not be read, because the reader stopped.");
  worker.onmessage = ({ data }: MessageEvent<ImportNews>) => {
    if (data.kind === "file") listener.onFile(data.report);
    else if (data.kind === "progress") listener.onProgress(data.bytes);
    else if (data.kind === "done") end(data.problem);
    else {
      listener.onBatch(data.batch).then(
        () => order({ kind: "taken" }),
        () => worker.terminate(),
      );
    }
  };
  order({ kind: "start", files });
  return () => worker.terminate();
};
