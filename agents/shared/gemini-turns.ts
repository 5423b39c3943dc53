/** Gemini's turns: a prompt with its candidates (drafts), in arrays whose places were seen from 2026-04 to 2026-10. */
import type { MessageReading, Part } from "../agent";
import { arraysIn, listAt, textAt, textsIn, timeAt, valueAt } from "./google-rpc";
import { compact } from "./json";
import { filePart, publicUrl, sourcePart, textParts } from "./parts";

const FILE_NAME = /^[^/\\:*?"<>|\n]{1,200}\.[A-Za-z0-9]{2,5}$/;
const MEDIA_TYPE = /^(?:image|video|audio|text|application)\/[\w.+-]+$/;

/** Places in a candidate. */
const TEXT = 1;
const STATE = 8;
const MEDIA = 12;
const CARD_TEXT = 22;
const DOCUMENTS = 30;
const THOUGHTS = 37;

/** In `STATE`. */
const FINISHED = 2;

/** A turn as a load or a stream gives it. */
export interface GeminiTurn {
  /** `r_…`. */
  id: string;
  prompt: string;
  files: Part[];
  candidates: unknown[];
  /** `rc_…` of the candidate that the prompt answers, where it is told. */
  follows?: string;
  model?: string;
  /** Unix ms. */
  time?: number;
  /** Where the prompt stands; the candidates stand behind it. */
  position: number;
  /** The turn ended, whatever its candidates say. */
  isEnded: boolean;
}

/** Files by their shape: an array that directly holds a name, and perhaps a media type. */
export function namedFiles(value: unknown): Part[] {
  return arraysIn(value).flatMap((array) => {
    const name = array.find((item) => typeof item === "string" && FILE_NAME.test(item));
    const mediaType = array.find((item) => typeof item === "string" && MEDIA_TYPE.test(item));
    return name === undefined ? [] : [filePart({ name, mediaType })];
  });
}

/** A picture of the web, with its address; or one that was made, of which the address opens for whoever is signed in. */
function mediaFile(entry: unknown, kind: string, isFromWeb: boolean): Part {
  const texts = textsIn(entry);
  const address = isFromWeb
    ? texts.find((text) => publicUrl(text) && !/^https?:\/\/[^/]*(?:gstatic|google)/.test(text))
    : undefined;
  const name = texts.find((text) => FILE_NAME.test(text)) ?? address?.split("/").pop();
  return filePart({
    name: name || kind,
    mediaType: texts.find((text) => MEDIA_TYPE.test(text)),
    url: address,
  });
}

function readMedia(candidate: unknown): Part[] {
  const media = valueAt(candidate, MEDIA);
  return [
    ...listAt(media, 1).map((entry) => mediaFile(entry, "image", true)),
    ...listAt(media, 7, 0).map((entry) => mediaFile(entry, "generated image", false)),
    ...listAt(media, 59).map((entry) => mediaFile(entry, "video", false)),
    ...listAt(media, 86).map((entry) => mediaFile(entry, "audio", false)),
  ];
}

/** Pages that the answer cites: entries that begin with the page's icon. */
function readSources(candidate: unknown): Part[] {
  const seen = new Set<string>();
  return arraysIn(candidate).flatMap((entry) => {
    const [icon, url, title, snippet] = entry;
    if (typeof icon !== "string" || !/^https:\/\/[\w.]*gstatic\.com\/favicon/.test(icon)) return [];
    if (typeof url !== "string" || seen.has(url)) return [];
    seen.add(url);
    return sourcePart({ url, title, snippet });
  });
}

/** Where the page draws a picture or a card, the text has an address that leads nowhere. */
function withoutPlaceholders(text: string): string {
  return text.replace(/http:\/\/googleusercontent\.com\/\w+\/\d+\n*/g, "").trimEnd();
}

function readText(candidate: unknown): Part[] {
  const text = textAt(candidate, TEXT, 0) ?? "";
  const isCard = text.startsWith("http://googleusercontent.com/card_content/");
  const said = (isCard ? textAt(candidate, CARD_TEXT, 0) : undefined) ?? text;
  // A report or canvas beside the answer.
  const documents = listAt(candidate, DOCUMENTS).flatMap((entry) => {
    const content = textAt(entry, 4);
    const title = textAt(entry, 2);
    return content ? textParts(title ? `# ${title}\n\n${content}` : content) : [];
  });
  return [...textParts(withoutPlaceholders(said)), ...documents];
}

/** An answer without a state (older ones) is one of the past, and whole. */
function isFinished(candidate: unknown): boolean {
  const state = valueAt(candidate, STATE, 0);
  return state === FINISHED || state === undefined || state === null;
}

function readCandidate(candidate: unknown, turn: GeminiTurn, at: number): MessageReading[] {
  const key = textAt(candidate, 0);
  if (!key) return [];
  return [
    compact({
      key,
      parentKey: turn.id,
      role: "assistant" as const,
      position: turn.position + 0.5 + at / 1000,
      state: turn.isEnded || isFinished(candidate) ? ("final" as const) : ("partial" as const),
      model: turn.model,
      // The site gives a turn one time.
      createdAt: turn.time,
      parts: [
        ...textParts(textAt(candidate, THOUGHTS, 0, 0), "reasoning"),
        ...readText(candidate),
        ...readMedia(candidate),
        ...readSources(candidate),
      ],
    }),
  ];
}

/** The prompt of a turn and all its candidates, which are siblings. */
export function turnMessages(turn: GeminiTurn): MessageReading[] {
  const parts = [...textParts(turn.prompt), ...turn.files];
  const prompt: MessageReading = compact({
    key: turn.id,
    parentKey: turn.follows,
    role: "user" as const,
    position: turn.position,
    state: "final" as const,
    createdAt: turn.time,
    parts,
  });
  return [prompt, ...turn.candidates.flatMap((item, at) => readCandidate(item, turn, at))];
}

/** One turn of a load; null where it is none. */
export function loadedTurn(value: unknown): GeminiTurn | null {
  const id = textAt(value, 0, 1);
  const session = textAt(value, 0, 0);
  if (!id || !session?.startsWith("c_")) return null;
  const time = timeAt(value, 4);
  return compact({
    id,
    prompt: textAt(value, 2, 0, 0) ?? "",
    files: namedFiles(listAt(value, 2, 0).slice(1)),
    candidates: listAt(value, 3, 0),
    follows: textAt(value, 1, 2)?.startsWith("rc_") ? textAt(value, 1, 2) : undefined,
    model: textAt(value, 3, 21) || undefined,
    time,
    position: time ?? 0,
    isEnded: false,
  });
}

/** Other forms of a turn (an edited prompt), which stand where older turns have the one that they follow. */
export function otherForms(value: unknown): GeminiTurn[] {
  return listAt(value, 1).flatMap((item) => loadedTurn(item) ?? []);
}
