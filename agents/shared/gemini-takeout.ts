/** Google's activity file: one entry a prompt, newest first, without the sessions that they belonged to. */
import type { MessageReading, Readings } from "../agent";
import { htmlText } from "./html-text";
import { asRecord, asRecords, asString, compact } from "./json";
import { filePart, isoTime, textParts } from "./parts";

const PRODUCT = "Gemini Apps";

/** What Google writes before a prompt, in English; in other languages it stays, since nobody could tell it from the prompt. */
const PROMPTED = /^Prompted\s+/;

function isGemini(entry: Record<string, unknown>): boolean {
  const products: unknown[] = Array.isArray(entry.products) ? entry.products : [];
  return entry.header === PRODUCT || products.includes(PRODUCT);
}

/**
 * One entry as a session of its own, known by its time: the file has no ids. An entry without a prompt or an answer (a setting that was
 * changed, a canvas that was opened) holds nothing to keep.
 */
export function readActivity(value: unknown): Readings {
  const entry = asRecord(value);
  if (!entry || !isGemini(entry)) return null;
  const time = isoTime(entry.time);
  const title = asString(entry.title) ?? "";
  const answer = asRecords(entry.safeHtmlItem)
    .map(({ html }) => htmlText(asString(html) ?? ""))
    .filter((text) => text !== "")
    .join("\n\n");
  if (time === undefined || (answer === "" && !PROMPTED.test(title))) return [];
  const files: unknown[] = Array.isArray(entry.attachedFiles) ? entry.attachedFiles : [];
  const key = `activity-${time}`;
  const prompt: MessageReading = {
    key: `${key}-prompt`,
    role: "user",
    position: time,
    state: "final",
    createdAt: time,
    parts: [
      ...textParts(title.replace(PROMPTED, "")),
      ...files.flatMap((name) => (typeof name === "string" ? [filePart({ name })] : [])),
    ],
  };
  const reply: MessageReading = {
    key: `${key}-answer`,
    parentKey: prompt.key,
    role: "assistant",
    position: time + 0.5,
    state: "final",
    createdAt: time,
    parts: textParts(answer),
  };
  const messages = answer === "" ? [prompt] : [prompt, reply];
  const session = compact({
    agent: "gemini",
    key,
    activeLeafKey: messages.at(-1)?.key,
    createdAt: time,
    updatedAt: time,
  });
  return [{ session, messages }];
}
