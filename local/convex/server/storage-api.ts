import { createReadStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { Engine } from "../types.ts";
import { json, Refusal, type Reply } from "./http.ts";

/** Upload to and download from file storage; both are allowed by the random token in the URL alone, as on Convex. */
export class StorageApi {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async upload(request: IncomingMessage, token: string | null): Promise<Reply> {
    if (token === null || !this.#engine.takeUploadToken(token)) {
      throw new Refusal(
        400,
        "UploadUrlNotValid",
        "This upload URL is unknown, was used before or is too old. Nothing was stored. Ask for a new one.",
      );
    }
    const contentType = request.headers["content-type"] ?? null;
    const storageId = await this.#engine.storeFile(request, contentType, sha256Of(request));
    return json({ storageId });
  }

  download(token: string): Reply {
    const file = this.#engine.fileByToken(token);
    if (file === null) {
      throw new Refusal(404, "FileNotFound", "There is no such file; it may have been deleted.");
    }
    return {
      status: 200,
      headers: {
        "Content-Type": file.contentType ?? "application/octet-stream",
        "Content-Length": String(file.size),
        "Cache-Control": "private, max-age=2592000",
        // Stored files are what people uploaded: never run them as pages of this origin.
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
      },
      body: createReadStream(file.path),
    };
  }
}

/** The uploader's own checksum, from a `Digest: sha-256=<base64>` header. */
function sha256Of(request: IncomingMessage): string | undefined {
  const header = request.headers.digest;
  return typeof header === "string" ? /^sha-256=(.+)$/i.exec(header)?.[1] : undefined;
}
