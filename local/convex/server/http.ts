import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { EngineError, type Json } from "../types.ts";

/** What a handler answers with. A string or bytes are sent whole, a stream as it comes. */
export interface Reply {
  status: number;
  headers?: OutgoingHttpHeaders;
  body?: string | Uint8Array | Readable;
}

/** An answer that refuses: an HTTP status with the `{code, message}` that Convex's clients show. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
  }
}

/** Convex's limit for the body of a public call: 16 MiB of arguments and 2,000 bytes around them. */
export const CALL_BODY_LIMIT = 16 * 1024 * 1024 + 2000;
/** A pushed bundle with its source maps, compressed or not. */
export const PUSH_BODY_LIMIT = 128 * 1024 * 1024;

export function json(value: unknown, status = 200): Reply {
  return {
    status,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  };
}

export function text(body: string, status = 200): Reply {
  return { status, headers: { "Content-Type": "text/plain; charset=utf-8" }, body };
}

/**
 * Reads a body up to `limit` bytes. A longer one is read to its end and dropped, so that the sender gets to see the
 * refusal instead of a broken connection.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > limit) {
    throw new Refusal(
      413,
      "RequestTooLarge",
      `The request is ${size} bytes long and at most ${limit} are accepted. Nothing of it was stored. ` +
        "Send the data in smaller batches.",
    );
  }
  return Buffer.concat(chunks);
}

const unbrotli = promisify(brotliDecompress);

/** Reads a JSON body, brotli-compressed ones too (the official CLI compresses its pushes). */
export async function readJson(request: IncomingMessage, limit: number): Promise<Json> {
  let body = await readBody(request, limit);
  if (request.headers["content-encoding"] === "br") {
    body = await unbrotli(body, { maxOutputLength: PUSH_BODY_LIMIT }).catch(() => {
      throw new Refusal(400, "BadBrotliBody", "The body says it is brotli-compressed and is not.");
    });
  }
  try {
    return JSON.parse(Buffer.from(body).toString("utf8")) as Json;
  } catch {
    throw new Refusal(400, "BadJsonBody", "The body is not JSON. Nothing was stored.");
  }
}

const LOOPBACK_HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Whether a host name (without port) means this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK_HOSTS.has(hostname) || hostname.endsWith(".localhost");
}

/**
 * Refuses requests that a web page made under a host name of its own (DNS rebinding) and, where the starter named
 * origins, pages of any other origin.
 */
export function checkCaller(request: IncomingMessage, allowedOrigins: string[] | null): void {
  const host = (request.headers.host ?? "").toLowerCase().replace(/:\d+$/, "");
  if (!isLoopbackHost(host)) {
    throw new Refusal(
      403,
      "HostNotAllowed",
      `This backend answers only under 127.0.0.1 and localhost, and was asked as "${host}".`,
    );
  }
  const origin = request.headers.origin;
  if (allowedOrigins !== null && origin !== undefined && !allowedOrigins.includes(origin)) {
    throw new Refusal(
      403,
      "OriginNotAllowed",
      `This backend was started for other pages than ${origin}. Start it with that origin allowed if it is yours.`,
    );
  }
}

/** CORS for every origin: the callers identify by bearer token, never by cookie. */
export function corsHeaders(request: IncomingMessage): Record<string, string> {
  if (request.headers.origin === undefined) return {};
  const headers: Record<string, string> = { "Access-Control-Allow-Origin": "*", Vary: "Origin" };
  if (request.method !== "OPTIONS") return headers;
  headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, OPTIONS";
  headers["Access-Control-Allow-Headers"] =
    request.headers["access-control-request-headers"] ?? "Authorization, Content-Type";
  headers["Access-Control-Max-Age"] = "86400";
  if (request.headers["access-control-request-private-network"] === "true") {
    headers["Access-Control-Allow-Private-Network"] = "true";
  }
  return headers;
}

/** Turns whatever a handler threw into an answer. Unforeseen errors are logged here and told without their text. */
export function replyForError(error: unknown): Reply {
  if (error instanceof Refusal) {
    return json({ code: error.code, message: error.message }, error.status);
  }
  if (error instanceof EngineError) {
    return json({ code: error.code, message: error.message }, 400);
  }
  console.error("The embedded Convex backend failed:", error);
  return json(
    {
      code: "InternalServerError",
      message:
        "The embedded Convex backend failed on this request; its output says why. Data that was acknowledged is safe.",
    },
    500,
  );
}

/** Sends a reply; a receiver that has gone away is no error. */
export async function send(
  response: ServerResponse,
  reply: Reply,
  headers: Record<string, string> = {},
): Promise<void> {
  response.writeHead(reply.status, { ...reply.headers, ...headers });
  const { body } = reply;
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    response.end(body);
    return;
  }
  await pipeline(body, response).catch((error: NodeJS.ErrnoException) => {
    response.destroy();
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
}
