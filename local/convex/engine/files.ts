import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "../types.ts";
import type { Store } from "./store.ts";
import type { Transaction } from "./transaction.ts";

const TABLE = "_storage";
const UPLOAD_TOKEN_MS = 3600 * 1000;

/** A file that lies on disk and is not yet known to the database. */
export interface StagedFile {
  token: string;
  size: number;
  sha256: string;
  contentType: string | null;
}

interface StoredFile {
  sha256: string;
  size: number;
  contentType?: string;
}

/** Stored files: bytes in a folder under random names, what is known of them in `_storage`. */
export class Files {
  private readonly store: Store;
  private readonly folder: string;
  private readonly ms: () => number;
  /** Origin of the URLs that functions hand out. */
  apiOrigin = "http://127.0.0.1:3210";

  constructor(store: Store, dataDir: string, ms: () => number) {
    this.store = store;
    this.folder = join(dataDir, "files");
    this.ms = ms;
    mkdirSync(this.folder, { recursive: true });
    this.sweep();
  }

  /** Removes what a killed process left: bytes whose transaction never came, or whose deletion was not finished. */
  private sweep(): void {
    const known = this.store.sql("SELECT token FROM files").all();
    const tokens = new Set(known.map(({ token }) => token));
    for (const name of readdirSync(this.folder)) if (!tokens.has(name)) this.discard(name);
  }

  private path(token: string): string {
    return join(this.folder, token);
  }

  /** Writes a body to disk, flushed, so that it can be committed. */
  async stage(
    body: AsyncIterable<Uint8Array>,
    contentType: string | null,
    claim?: string,
  ): Promise<StagedFile> {
    const token = randomUUID();
    const partial = this.path(`${token}.partial`);
    const hash = createHash("sha256");
    let size = 0;
    const file = await open(partial, "w");
    try {
      for await (const chunk of body) {
        hash.update(chunk);
        size += chunk.byteLength;
        await file.writeFile(chunk);
      }
      await file.sync();
    } catch (error) {
      rmSync(partial, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    const digest = hash.digest();
    if (claim !== undefined && !this.matches(digest, claim)) {
      rmSync(partial, { force: true });
      throw new EngineError(
        "Sha256Mismatch",
        "The file was not stored: its SHA-256 is not the one that was announced. Send it again.",
      );
    }
    await rename(partial, this.path(token));
    return { token, size, sha256: digest.toString("hex"), contentType };
  }

  private matches(digest: Buffer, claim: string): boolean {
    return claim === digest.toString("hex") || claim === digest.toString("base64");
  }

  /** Makes a file known; it goes again if the transaction fails. */
  record(tx: Transaction, staged: StagedFile): string {
    tx.onRollback(() => this.discard(staged.token));
    const { token, size, sha256, contentType } = staged;
    const id = tx.insert(TABLE, {
      size,
      sha256,
      ...(contentType === null ? {} : { contentType }),
    });
    tx.execute("INSERT INTO files VALUES (?, ?, ?, ?)", id, token, size, contentType);
    return id;
  }

  storeNow(tx: Transaction, bytes: Buffer, contentType: string, claim?: string): string {
    const digest = createHash("sha256").update(bytes).digest();
    if (claim && !this.matches(digest, claim)) {
      throw new Error("The file's SHA-256 is not the one that was announced.");
    }
    const token = randomUUID();
    writeFileSync(this.path(token), bytes, { flush: true });
    const sha256 = digest.toString("hex");
    return this.record(tx, { token, size: bytes.length, sha256, contentType: contentType || null });
  }

  readNow(tx: Transaction, id: string): { blob: string; contentType: string | null } | null {
    const known = this.find(tx, id);
    if (known === null) return null;
    const blob = readFileSync(this.path(known.token)).toString("base64");
    return { blob, contentType: known.file.contentType ?? null };
  }

  url(tx: Transaction, id: string): string | null {
    const known = this.find(tx, id);
    return known === null ? null : `${this.apiOrigin}/api/storage/${known.token}`;
  }

  metadata(tx: Transaction, id: string) {
    const known = this.find(tx, id);
    if (known === null) return null;
    const { sha256, size, contentType } = known.file;
    return { storageId: id, sha256, size, contentType: contentType ?? null };
  }

  remove(tx: Transaction, id: string): void {
    const known = this.find(tx, id);
    if (known === null) throw new Error(`There is no stored file with the ID "${id}".`);
    tx.remove(id);
    tx.execute("DELETE FROM files WHERE id = ?", id);
    tx.onCommit(() => this.discard(known.token));
  }

  uploadUrl(tx: Transaction): string {
    const token = randomUUID();
    const expires = this.ms() + UPLOAD_TOKEN_MS;
    tx.execute("INSERT INTO upload_tokens VALUES (?, ?)", token, expires);
    return `${this.apiOrigin}/api/storage/upload?token=${token}`;
  }

  /** Uses up a one-time token. Must run outside every transaction. */
  takeUploadToken(token: string): boolean {
    this.store.sql("DELETE FROM upload_tokens WHERE expires <= ?").run(this.ms());
    return this.store.sql("DELETE FROM upload_tokens WHERE token = ?").run(token).changes === 1;
  }

  byToken(token: string): { path: string; contentType: string | null; size: number } | null {
    const row = this.store.sql("SELECT size, type FROM files WHERE token = ?").get(token);
    if (row === undefined) return null;
    return {
      path: this.path(token),
      contentType: row.type as string | null,
      size: row.size as number,
    };
  }

  private find(tx: Transaction, id: string): { token: string; file: StoredFile } | null {
    if (!tx.base.catalog.isIdOf(TABLE, id)) return null;
    const json = tx.get(id);
    const row = this.store.sql("SELECT token FROM files WHERE id = ?").get(id);
    if (json === null || row === undefined) return null;
    return { token: row.token as string, file: JSON.parse(json) as StoredFile };
  }

  private discard(token: string): void {
    if (existsSync(this.path(token))) rmSync(this.path(token));
  }
}
