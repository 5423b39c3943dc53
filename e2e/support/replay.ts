/** The recorded traffic of one session of each agent, and what the archive must hold of it: `agents/fixtures/<id>/replay.json`. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One request of the page, or of ours, with its answer. */
export interface Call {
  transport: "fetch" | "xhr" | "websocket";
  method: string;
  url: string;
  requestHeaders?: Record<string, string>;
  /** Text, or the JSON itself. */
  requestBody?: unknown;
  status?: number;
  contentType: string;
  /** Text, or the JSON itself. */
  body?: unknown;
  /** Of a binary body. */
  base64?: string;
  /** Of a WebSocket, in their order. */
  frames?: { from: "page" | "site"; text: string }[];
}

/** What a page does, in its order. */
export type Phase = "live" | "load";

/** One agent's recording. */
export interface Replay {
  agentId: string;
  /** Address of the page. */
  page: string;
  /** The page's cookies that our own requests use. */
  cookies: Record<string, string>;
  /** What the page does for one sent message. */
  live: Call[];
  /** What it does when it is opened. */
  load: Call[];
  /** What only we ask. */
  answers: Call[];
  /** What the page shows, as HTML. */
  markup?: string;
  /** What the archive holds in the end. */
  expected: Held & { /** Sessions of its sub-agents. */ children?: Held[] };
}

/** A session in the archive, in the terms of a reading. */
export interface Held {
  session: Record<string, unknown>;
  messages: { key: string }[];
}

const FIXTURES = join(import.meta.dirname, "../../agents/fixtures");

function readJson<T>(agentId: string, name: string): T {
  return JSON.parse(readFileSync(join(FIXTURES, agentId, name), "utf8")) as T;
}

/** The recordings of all agents that have one. */
export function loadReplays(): Replay[] {
  return readdirSync(FIXTURES)
    .filter((agentId) => existsSync(join(FIXTURES, agentId, "replay.json")))
    .map((agentId) => ({
      agentId,
      cookies: {},
      ...readJson<Omit<Replay, "agentId" | "cookies" | "expected">>(agentId, "replay.json"),
      expected: readJson<Replay["expected"]>(agentId, "replay.expected.json"),
    }));
}

/** The answer's bytes. */
export function bodyOf({ body, base64 }: Call): Buffer {
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body ?? ""));
}

/** What a page reads of a call: its body as text, or the frames that come from the site. */
export function textOf(call: Call): string {
  const frames = call.frames?.filter(({ from }) => from === "site").map(({ text }) => text);
  return frames ? frames.join("\n") : bodyOf(call).toString("utf8");
}

/** What the page sends with every request, as a header and as a cookie, and nobody else may see. Redaction does not know it. */
export function secretOf({ agentId }: Replay): string {
  return `secret-of-the-page-of-${agentId}`;
}

/** Every host that a recording names. */
export function hostsOf(replays: readonly Replay[]): string[] {
  const urls = replays.flatMap(({ page, live, load, answers }) => [
    page,
    ...[...live, ...load, ...answers].map(({ url }) => url),
  ]);
  return [...new Set(urls.map((url) => new URL(url).hostname))];
}
