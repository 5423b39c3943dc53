import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { listenOnLoopback } from "./listen.ts";
import {
  completeAnthropic,
  readAnthropic,
  streamAnthropic,
  type AnthropicRequest,
} from "./model-anthropic.ts";
import { completeOpenai, readOpenai, streamOpenai, type OpenaiRequest } from "./model-openai.ts";
import {
  chooseStep,
  DEMO_TITLE,
  DEMO_TURNS,
  type Asked,
  type Failure,
  type Turn,
} from "./model-script.ts";

/** How to start the scripted model. */
export interface ModelOptions {
  port?: number;
  /** What it answers; the demo's turns unless given. */
  turns?: Turn[];
  /** What it answers when an agent asks for a session's title. */
  title?: string;
  /** Milliseconds between two streamed chunks; 25 unless given. */
  chunkMs?: number;
}

/** A running model. */
export interface Model {
  /** Base of the OpenAI and Anthropic endpoints, with /v1 at the end. */
  url: string;
  /** How many requests it has answered, those for titles not counted. */
  requests(): number;
  setChunkMs(milliseconds: number): void;
  /** From now on it answers out of these turns. */
  setTurns(turns: Turn[]): void;
  close(): Promise<void>;
}

interface Dialect {
  asked: Asked;
  isStream: boolean;
  events(step: Chosen): string[];
  whole(step: Chosen): object;
}

type Chosen = ReturnType<typeof chooseStep>;

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*",
  "access-control-allow-methods": "GET, POST, OPTIONS",
};

/** Starts a model that answers from a script, as OpenAI (chat completions) and as Anthropic (messages), on loopback. */
export async function startModel(options: ModelOptions = {}): Promise<Model> {
  const { title = DEMO_TITLE } = options;
  let { turns = DEMO_TURNS, chunkMs = 25 } = options;
  let answered = 0;
  const isFailing = failureCounter();
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const dialect = request.method === "POST" ? read(request.url ?? "", await body(request)) : null;
    if (!dialect) return answerOther(request, response);
    if (!dialect.asked.isTitle) answered += 1;
    const step = chooseStep(turns, title, dialect.asked);
    if (step.failure && isFailing(step.failure)) return sendFailure(response, step.failure);
    if (!dialect.isStream) return sendJson(response, 200, dialect.whole(step));
    response.writeHead(200, { ...CORS, "content-type": "text/event-stream" });
    for (const event of dialect.events(step)) {
      if (response.closed) return;
      response.write(event);
      await wait(step.chunkMs ?? chunkMs);
    }
    response.end();
  }
  const port = await listenOnLoopback(server, { what: "The scripted model", port: options.port });
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests: () => answered,
    setChunkMs: (milliseconds) => {
      chunkMs = milliseconds;
    },
    setTurns: (others) => {
      turns = others;
    },
    close: async () => {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await ended;
    },
  };
}

/** Counts the requests that each failure has answered; false once it has answered all that it should. */
function failureCounter(): (failure: Failure) => boolean {
  const counts = new Map<Failure, number>();
  return (failure) => {
    const count = counts.get(failure) ?? 0;
    counts.set(failure, count + 1);
    return count < (failure.times ?? Infinity);
  };
}

function sendFailure(response: ServerResponse, { status, retryAfterMs = 100 }: Failure): void {
  response.setHeader("retry-after-ms", String(retryAfterMs));
  const message = `The scripted model fails with status ${status}.`;
  sendJson(response, status, { error: { message, type: "scripted" } });
}

function read(path: string, text: string): Dialect | null {
  const id = randomBytes(8).toString("hex");
  if (path === "/v1/chat/completions") {
    const request = JSON.parse(text) as OpenaiRequest;
    return {
      asked: readOpenai(request),
      isStream: request.stream === true,
      events: (step) => streamOpenai(request.model, id, step),
      whole: (step) => completeOpenai(request.model, id, step),
    };
  }
  if (path !== "/v1/messages") return null;
  const request = JSON.parse(text) as AnthropicRequest;
  return {
    asked: readAnthropic(request),
    isStream: request.stream === true,
    events: (step) => streamAnthropic(request.model, id, step),
    whole: (step) => completeAnthropic(request.model, id, step),
  };
}

function answerOther(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === "OPTIONS") {
    response.writeHead(204, CORS).end();
  } else if (request.url === "/v1/models") {
    sendJson(response, 200, { object: "list", data: [{ id: "fake-1", object: "model" }] });
  } else {
    sendJson(response, 404, { error: { message: "The scripted model does not have this." } });
  }
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { ...CORS, "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
