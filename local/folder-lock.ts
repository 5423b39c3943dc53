import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Holds a data folder for this process until `release`. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes a data folder for one process. The lock is SQLite's own file lock, so it ends with the process, however it
 * ends; `who` names the holder in the message that a second process gets.
 */
export function lockFolder(folder: string, who: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "lock.db");
  const note = join(folder, "lock.txt");
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    throw new Error(
      `The data folder ${folder} is in use by ${holder(note)}. Nothing in it was changed. ` +
        "End that process, or give another data folder.",
      { cause: error },
    );
  }
  writeFileSync(note, `${who} (process ${process.pid})`);
  return {
    release: () => {
      if (!database.isOpen) return;
      database.exec("ROLLBACK");
      database.close();
    },
  };
}

function holder(note: string): string {
  try {
    return readFileSync(note, "utf8") || "another process";
  } catch {
    // The other process has locked the folder and not yet written its name.
    return "another process";
  }
}
