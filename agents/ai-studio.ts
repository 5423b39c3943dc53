import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Part,
  type Readings,
  type SessionReading,
} from "./agent";
import { parseCut } from "./shared/cut";
import { namedFiles } from "./shared/gemini-turns";
import { listAt, textAt, valueAt } from "./shared/google-rpc";
import { compact, parseJson } from "./shared/json";
import { textParts, unknownPart } from "./shared/parts";
import { shownSession } from "./shared/site";
import { withoutSignatures } from "./shared/unsigned";

const ORIGIN = "https://aistudio.google.com";
const HOST = "^alkalimakersuite-pa\\.clients6\\.google\\.com$";
const SERVICE =
  "^/\\$rpc/google\\.internal\\.alkali\\.applications\\.makersuite\\.v1\\.MakerSuiteService/";

/** `/prompts/<id>`, also under `/u/<account>`; a prompt that was not saved yet (`new_chat`) has no id. */
function sessionOf(url: URL): string | null {
  const key = /^(?:\/u\/\d+)?\/prompts\/([\w-]+)\/?$/.exec(url.pathname)?.[1];
  return key && key !== "new_chat" ? key : null;
}

function headerOf(key: string, observation: Observation): SessionReading {
  const page = URL.parse(observation.pageUrl);
  const account = /^\/u\/(\d+)\//.exec(page?.pathname ?? "")?.[1];
  const url = `${ORIGIN}${account ? `/u/${account}` : ""}/prompts/${key}`;
  return compact({ agent: "ai-studio", key, url, account });
}

function modelName(value: string | undefined): string | undefined {
  return value?.replace(/^models\//, "") || undefined;
}

/** What one side said until the other spoke. The site gives no ids and no times, so a turn is known by its number. */
interface Turn {
  isUser: boolean;
  parts: Part[];
}

/** Pieces of one side that follow each other are one turn. */
function turnsOf(pieces: Turn[]): Turn[] {
  const turns: Turn[] = [];
  for (const { isUser, parts } of pieces) {
    const last = turns.at(-1);
    if (last?.isUser === isUser) last.parts.push(...parts);
    else turns.push({ isUser, parts: [...parts] });
  }
  return turns;
}

function turnKey(number: number): string {
  return `turn-${number}`;
}

function readMessage({ isUser, parts }: Turn, number: number): MessageReading {
  return compact({
    key: turnKey(number),
    parentKey: number > 0 ? turnKey(number - 1) : undefined,
    role: isUser ? ("user" as const) : ("assistant" as const),
    position: number,
    state: "final" as const,
    parts,
  });
}

/** Places in a row of a saved prompt (one source, 2026-09): text, role, whether it is a thought. */
const ROW = { text: 0, role: 8, thought: 19 };

function readRow(row: unknown): Turn {
  const said = textParts(
    textAt(row, ROW.text),
    valueAt(row, ROW.thought) === 1 ? "reasoning" : "text",
  );
  const files = said.length > 0 ? [] : namedFiles(row);
  const isKnown = said.length > 0 || files.length > 0;
  return {
    isUser: textAt(row, ROW.role) === "user",
    parts: isKnown ? [...said, ...files] : [unknownPart("row", withoutSignatures(row))],
  };
}

function readPrompt(observation: Observation): Readings {
  const [saved] = listAt(parseJson(observation.body));
  const rows = valueAt(saved, 13, 0);
  if (!Array.isArray(rows)) return null;
  if (!rows.every((row) => /^(?:user|model)$/.test(textAt(row, ROW.role) ?? ""))) return null;
  const named = /^prompts\/([\w-]+)$/.exec(textAt(saved, 0) ?? "")?.[1];
  const key =
    named ??
    textAt(parseJson(observation.request ?? ""), 0) ??
    shownSession(observation, sessionOf);
  if (!key || !/^[\w-]+$/.test(key)) return [];
  const messages = turnsOf(rows.map(readRow)).map(readMessage);
  const session = compact({
    ...headerOf(key, observation),
    title: textAt(saved, 4, 0) || undefined,
    activeLeafKey: messages.at(-1)?.key,
    model: modelName(textAt(saved, 3, 2)),
  });
  return [{ session, messages }];
}

/** A part of a message in the form of the public API: `[null, text, …]`, with 1 at place 12 for a thought. */
function readPart(part: unknown): Part[] {
  const text = textAt(part, 1);
  if (text !== undefined) return [{ type: valueAt(part, 12) === 1 ? "reasoning" : "text", text }];
  const files = namedFiles(part);
  return files.length > 0 ? files : [unknownPart("part", withoutSignatures(part))];
}

/** Text comes in pieces; those of one kind that follow each other are one part. */
function joined(parts: Part[]): Part[] {
  const whole: Part[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    const isText = part.type === "text" || part.type === "reasoning";
    if (isText && last && last.type === part.type) {
      whole[whole.length - 1] = { ...last, text: last.text + part.text };
    } else whole.push(part);
  }
  return whole.filter((part) => part.type !== "text" || part.text.trim() !== "");
}

/** `[parts, role]` of the request: what was said so far, the new prompt last. */
function readContents(request: unknown): Turn[] {
  return turnsOf(
    listAt(request, 1).map((content) => ({
      isUser: textAt(content, 1) !== "model",
      parts: listAt(content, 0).flatMap(readPart),
    })),
  );
}

/** Why a turn ended, in the words of the public API. */
const FINISH: Record<number, string> = { 1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION" };

/** The pieces of an answer; null where the body has not their form. A block without candidates tells figures, and is the last. */
function readBlocks(body: unknown): { parts: Part[]; finish?: string; isEnded: boolean } | null {
  const blocks = listAt(body, 0);
  const candidates = blocks.map((block) => valueAt(block, 0, 0)).filter(Array.isArray);
  if (!candidates.some((candidate) => Array.isArray(valueAt(candidate, 0, 0, 0)))) return null;
  const parts = candidates.flatMap((candidate) => listAt(candidate, 0, 0).flatMap(readPart));
  const reason = candidates.map((candidate) => valueAt(candidate, 1)).findLast(Number.isInteger);
  const isLast = (block: unknown) => valueAt(block, 0) === null && Array.isArray(valueAt(block, 3));
  return compact({
    parts: joined(parts),
    finish: typeof reason === "number" ? (FINISH[reason] ?? String(reason)) : undefined,
    isEnded: typeof reason === "number" || blocks.some(isLast),
  });
}

function readTurn(observation: Observation): Readings {
  const request = parseJson(observation.request ?? "");
  const contents = readContents(request);
  const answer = readBlocks(parseCut(observation.body, 2));
  if (contents.length === 0 || !answer) return null;
  const key = shownSession(observation, sessionOf);
  // Not saved yet: the saved prompt is read when it is opened.
  if (!key) return [];
  const number = contents.length;
  const model = modelName(textAt(request, 0));
  const prompt = contents.at(-1)!;
  const reply: MessageReading = compact({
    ...readMessage({ isUser: false, parts: answer.parts }, number),
    state: answer.isEnded ? ("final" as const) : ("partial" as const),
    model,
    finish: answer.finish,
  });
  const session = compact({ ...headerOf(key, observation), activeLeafKey: reply.key, model });
  return [{ session, messages: [readMessage(prompt, number - 1), reply] }];
}

export const aiStudio = defineAgent({
  id: "ai-studio",
  name: "Google AI Studio",
  kind: "chat",
  origins: [`${ORIGIN}/*`],
  session: sessionOf,
  shows: "ms-chat-turn, .chat-turn-container", // seen 2026-09
  taps: [
    {
      id: "prompt",
      transport: "xhr",
      method: "POST",
      path: `${SERVICE}ResolveDriveResource(?:\\?|$)`,
      host: HOST,
      request: "^\\s*\\[",
      read: readPrompt,
    },
    {
      id: "turn",
      transport: "xhr",
      method: "POST",
      path: `${SERVICE}GenerateContent(?:\\?|$)`,
      host: HOST,
      request: "^\\s*\\[",
      read: readTurn,
    },
  ],
  page: {
    use: "fallback",
    messages: [".chat-turn-container", "ms-chat-turn"], // seen 2026-09
    roles: [
      { role: "user", match: ".chat-turn-container.user" },
      { role: "assistant", match: ".chat-turn-container.model" },
    ],
    body: ["ms-cmark-node", "ms-prompt-chunk"], // seen 2026-09
    reasoning: ["ms-thought-chunk"], // seen 2026-09
    strip: ["button", "ms-chat-turn-options", ".author-label", ".turn-footer"],
    running: ['button[aria-label="Stop"]'], // a guess: only the button that starts a turn was seen
  },
  facts: [
    {
      fields: "the live answer and its thoughts",
      from: "GenerateContent (XHR, nested arrays in the form of the public API)",
      sure: "good",
      source: "an open-source parser of 2026-08",
      date: "2026-08-07",
    },
    {
      fields: "the prompt and the number of its turn",
      from: "request of GenerateContent",
      sure: "guess",
      source: "the form of the public API",
      date: "2026-08-07",
    },
    {
      fields: "saved prompts: title, model, turns with thoughts; no ids and no times",
      from: "ResolveDriveResource (XHR)",
      sure: "guess",
      source: "one exporter of 2026-09",
      date: "2026-09-01",
    },
  ],
});
