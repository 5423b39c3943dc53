import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FolderLock, lockFolder } from "../../folder-lock.ts";

/** The ports that a data folder was last served on, so that a restart keeps its URLs. */
export interface Ports {
  api: number;
  site: number;
}

/** What the server itself keeps in the data folder, beside the engine's database. */
export class DataFolder {
  readonly path: string;
  readonly #lock: FolderLock;

  /** Creates the folder if needed and takes it for this process; throws when another process has it. */
  constructor(path: string) {
    this.path = path;
    this.#lock = lockFolder(path, "an embedded Convex backend");
    chmodSync(path, 0o700);
  }

  /** The admin key: the given one, else the folder's, else a new random one. Readable by the folder's owner only. */
  adminKey(given?: string): string {
    const stored = this.#read("admin-key");
    const key = given ?? stored ?? `opensync-companion|${randomBytes(32).toString("hex")}`;
    if (key !== stored) this.#write("admin-key", key);
    return key;
  }

  ports(): Ports | null {
    const stored = this.#read("ports.json");
    return stored === null ? null : (JSON.parse(stored) as Ports);
  }

  rememberPorts(ports: Ports): void {
    this.#write("ports.json", JSON.stringify(ports));
  }

  release(): void {
    this.#lock.release();
  }

  #read(name: string): string | null {
    const file = join(this.path, name);
    return existsSync(file) ? readFileSync(file, "utf8") : null;
  }

  /** Written beside and renamed, so that a crash leaves the old or the new file, never half of one. */
  #write(name: string, content: string): void {
    const file = join(this.path, name);
    writeFileSync(`${file}.new`, content, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
