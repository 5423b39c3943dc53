/** What the page that shows an import and the worker that reads the files tell each other. */

/** What became of one file, or of one entry of a ZIP. */
export interface FileReport {
  /** The file's name, or `archive.zip: path`. */
  path: string;
  /** Name of the agent; null where none was recognised. */
  agentName: string | null;
  /** Sessions with messages. */
  sessions: number;
  /** Recognised and without anything to keep. */
  empty: number;
  /** Entries of no form that is known. */
  unrecognised: number;
  /** Why it was skipped, or not read to its end; for people. */
  problem: string | null;
}

/** Readings of one agent, small enough for one message to the background, which checks them. */
export interface ImportBatch {
  agentId: string;
  readings: unknown[];
}

/** What the worker tells. After `batch` it waits for TAKEN. */
export type ImportNews =
  | { kind: "batch"; batch: ImportBatch }
  | { kind: "file"; report: FileReport }
  | { kind: "progress"; bytes: number }
  /** `problem`: a file could not be read any further; for people. */
  | { kind: "done"; problem: string | null };

/** What the worker is told: the files, then TAKEN for each batch. */
export type ImportOrder = { kind: "start"; files: File[] } | { kind: "taken" };

/** What is heard of a running import. */
export interface ImportListener {
  /** Resolves when the batch is stored; rejects to end the import. */
  onBatch(batch: ImportBatch): Promise<void>;
  onFile(report: FileReport): void;
  onProgress(bytes: number): void;
  onDone(problem: string | null): void;
}

/** Starts an import off the page's main thread; answers what ends it. */
export type StartImport = (files: File[], listener: ImportListener) => () => void;
