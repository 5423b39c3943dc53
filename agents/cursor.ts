import { defineAgent, type Agent, type Observation, type Reading, type Readings } from "./agent";
import { asNumber, asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { GUESSED_MESSAGES, guessedPage } from "./shared/page-guess";
import { readPage } from "./shared/page-reading";
import { siteMatch } from "./shared/site";

type Json = Record<string, unknown>;

const HOST = /^(?:www\.)?cursor\.com$/;
/** The list of sessions too, which in older links names one in its query; after the language, if any. */
const ADDRESS = /^\/(?:[a-z]{2}(?:-[A-Za-z]{2})?\/)?agents(?:\/(bc-[\w-]+))?\/?$/;
const DETAIL = "^/api/background-composer/get-detailed-composer(?:\\?|$)";

function pageOf(key: string): string {
  return `https://cursor.com/agents/${key}`;
}

/** The prompt as the reader of the page would give it, so that both are one message. */
function readPrompt(key: string, detail: Json): Partial<Reading> {
  const action = asRecord(asRecord(detail.originalConversationAction)?.userMessageAction);
  const text = asString(asRecord(action?.userMessage)?.text) ?? "";
  if (text.trim() === "") return {};
  const pageUrl = pageOf(key);
  const body = JSON.stringify({ isRunning: false, messages: [{ role: "user", text }] });
  const head = { tap: "page", method: "GET", url: pageUrl, status: 200, isTruncated: false };
  const [reading] = readPage(cursor, { ...head, body, pageUrl }) ?? [];
  return reading ? { messages: reading.messages } : {};
}

function readDetail(item: Json): Reading[] {
  const composer = asRecord(item.composer) ?? item;
  const key = asString(composer.bcId);
  if (!key) return [];
  const session = compact({
    agent: "cursor",
    key,
    url: pageOf(key),
    title: asString(composer.name) || undefined,
    projectName: asString(composer.repoUrl)?.replace(/^(?:https?:\/\/)?github\.com\//, ""),
    model: asString(asRecord(composer.modelDetails)?.modelName),
    createdAt: asNumber(composer.createdAtMs),
    updatedAt: asNumber(composer.updatedAtMs),
  });
  return [{ session, messages: [], ...readPrompt(key, item) }];
}

function readDetails(observation: Observation): Readings {
  if (!siteMatch(observation, HOST, new RegExp(DETAIL))) return null;
  const composers = asRecord(parseJson(observation.body))?.composers;
  return Array.isArray(composers) ? asRecords(composers).flatMap(readDetail) : null;
}

/** Read from the page: what its traffic says of a session but its prompt is in a form that nobody has described. */
export const cursor: Agent = defineAgent({
  id: "cursor",
  name: "Cursor",
  kind: "coding",
  origins: ["https://cursor.com/*", "https://www.cursor.com/*"],
  session(url) {
    if (!HOST.test(url.host)) return null;
    const [path, named] = ADDRESS.exec(url.pathname) ?? [];
    const asked = path === undefined ? null : url.searchParams.get("id");
    return named ?? /^bc-[\w-]+$/.exec(asked ?? "")?.[0] ?? null;
  },
  taps: [{ id: "detail", transport: "fetch", method: "POST", path: DETAIL, read: readDetails }],
  shows: GUESSED_MESSAGES,
  // Without ids, so that the prompt has the key that `readPrompt` gives it.
  page: { ...guessedPage("instead"), ids: [] },
  facts: [
    {
      fields: "title, repository, times, the first prompt",
      from: "POST /api/background-composer/get-detailed-composer",
      sure: "good",
      source: "clients of this call, 2025-10 to 2026-10",
      date: "2026-10-09",
    },
    {
      fields: "messages",
      from: "the page: common attributes and test ids; the stream of a run is protobuf that nobody has described",
      sure: "guess",
      source: "common practice; the page itself was not seen",
      date: "2026-11-21",
    },
  ],
});
