import { defineAgent, type HistoryList, type Observation, type Readings } from "./agent";
import { pathMatch } from "./shared/address";
import { asNumber, asRecord, asString, compact, parseJson } from "./shared/json";
import { isoTime, uniqueByKey } from "./shared/parts";
import { entryKey, readEntry, sessionOf } from "./shared/perplexity-entries";
import { readEvents } from "./shared/perplexity-stream";

type Json = Record<string, unknown>;

const THREAD = /^\/rest\/thread\/(?!list_)([^/?]+)(?:\?|$)/;

function asRecords(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(asRecord).filter((item) => item !== undefined) : [];
}

/** The page may ask for either order. */
function oldestFirst(entries: Json[]): Json[] {
  const times = new Map(entries.map((entry) => [entry, isoTime(entry.entry_created_datetime)]));
  if ([...times.values()].includes(undefined)) return entries;
  return entries.toSorted((a, b) => times.get(a)! - times.get(b)!);
}

function readThread(observation: Observation): Readings {
  const found = pathMatch(observation, THREAD);
  const url = URL.parse(observation.url);
  const body = asRecord(parseJson(observation.body));
  if (!found || !url || !body || !Array.isArray(body.entries)) return null;
  const entries = oldestFirst(asRecords(body.entries));
  if (entries.length === 0) return [];
  // Entries of before 2026 do not name their thread; the address then does.
  const named = entries.map((entry) => ({ thread_url_slug: found[1], ...entry }));
  const session = sessionOf(named, url.origin);
  if (!session) return null;
  let parentKey: string | undefined;
  const messages = named.flatMap((entry, index) => {
    const key = entryKey(entry);
    if (!key) return [];
    const read = readEntry(entry, key, { index, parentKey });
    parentKey = key;
    return read;
  });
  const isStart = !url.searchParams.has("cursor");
  const isEnd = body.has_next_page !== true;
  const metadata = asRecord(body.thread_metadata);
  const header = compact({
    ...session,
    title: asString(metadata?.title) ?? asString(metadata?.thread_title) ?? session.title,
    // Of the newest entry, which an earlier page does not hold.
    ...{
      model: isEnd ? session.model : undefined,
      updatedAt: isEnd ? session.updatedAt : undefined,
    },
    activeLeafKey: isEnd ? parentKey : undefined,
    createdAt: isStart ? isoTime(entries[0]?.entry_created_datetime) : undefined,
  });
  return messages.length > 0 ? [{ session: header, messages: uniqueByKey(messages) }] : null;
}

const ASK = /^\/rest\/sse\/perplexity_ask(?:\?|$)/;

function readAsk(observation: Observation): Readings {
  const url = pathMatch(observation, ASK) && URL.parse(observation.url);
  const entry = readEvents(observation.body);
  if (!url || !entry) return null;
  const session = sessionOf([entry], url.origin);
  const key = entryKey(entry);
  // Cut before the site had named the thread.
  if (!session || !key) return [];
  const request = asRecord(parseJson(observation.request ?? ""));
  const params = asRecord(request?.params) ?? {};
  const parentKey = asString(params.last_backend_uuid) || undefined;
  const messages = readEntry({ query_str: request?.query_str, ...entry }, key, { parentKey });
  return [
    compact({
      session: { ...session, activeLeafKey: key },
      messages,
      isTemporary: params.is_incognito === true ? (true as const) : undefined,
    }),
  ];
}

const LIST_LIMIT = 50;

function readList(answer: Observation): HistoryList | null {
  const body = parseJson(answer.body);
  if (!Array.isArray(body)) return null;
  const rows = asRecords(body);
  const offset = Number(URL.parse(answer.url)?.searchParams.get("offset") ?? 0);
  const total = rows.map((row) => asNumber(row.total_threads)).find((count) => count !== undefined);
  const reached = offset + rows.length;
  const isMore = total === undefined ? rows.length === LIST_LIMIT : reached < total;
  return {
    sessions: rows.flatMap((row) => {
      const key = asString(row.slug);
      return key ? [{ key, updatedAt: isoTime(row.last_query_datetime) }] : [];
    }),
    next: isMore && rows.length > 0 ? String(reached) : null,
    total,
  };
}

/** Without these the site leaves out the blocks that they name. */
const USE_CASES = [
  "answer_modes",
  "media_items",
  "knowledge_cards",
  "inline_entity_cards",
  "search_result_widgets",
  "inline_images",
  "inline_assets",
  "diff_blocks",
  "canvas_mode",
  "preserve_latex",
  "inline_claims",
];

const VERSION = "version=2.18&source=default";
const HEADERS = { "x-app-apiclient": "default", "x-app-apiversion": "2.18" };

function threadPath(slug: string, page: string): string {
  const uses = USE_CASES.map((name) => `&supported_block_use_cases=${name}`).join("");
  return `/rest/thread/${encodeURIComponent(slug)}?with_parent_info=true&with_schematized_response=true&${VERSION}&limit=100&${page}${uses}`;
}

export const perplexity = defineAgent({
  id: "perplexity",
  name: "Perplexity",
  kind: "chat",
  origins: ["https://www.perplexity.ai/*"],
  session(url) {
    const slug = /\/search\/(?!new(?:\/|$))([^/]+)\/?$/.exec(url.pathname)?.[1];
    return slug ?? null;
  },
  shows: '[class~="group/query"]',
  taps: [
    { id: "thread", transport: "fetch", method: "GET", path: THREAD.source, read: readThread },
    {
      id: "ask",
      transport: "fetch",
      method: "POST",
      path: ASK.source,
      request: '"query_str"',
      read: readAsk,
    },
  ],
  page: {
    use: "fallback",
    messages: [
      // 2026-02; since 2026-08 `markdown-content-*` may be empty, and the text stands beside it.
      '[class~="group/query"], [id^="markdown-content-"] .prose, .prose.dark\\:prose-invert.inline, div.bg-raised.rounded-lg .prose.max-w-none',
    ],
    roles: [
      { role: "user", match: '[class~="group/query"]' },
      { role: "assistant", match: ".prose" },
    ],
    body: ["span.select-text"],
    running: ['button[aria-label^="Stop response"]'],
  },
  history: {
    list: (cursor) => ({
      method: "POST",
      // The site reads the offset in the body; in the address it tells which page an answer is.
      path: `/rest/thread/list_ask_threads?${VERSION}&offset=${cursor ?? 0}`,
      body: JSON.stringify({
        limit: LIST_LIMIT,
        offset: Number(cursor ?? 0),
        ascending: false,
        search_term: "",
      }),
      headers: { ...HEADERS, "content-type": "application/json" },
    }),
    readList,
    load(key, answers) {
      const request = { tap: "thread", method: "GET" as const, headers: HEADERS };
      const last = answers.at(-1);
      if (!last) return { ...request, path: threadPath(key, "offset=0&from_first=true") };
      const body = asRecord(parseJson(last.body));
      const cursor = asString(body?.next_cursor);
      const asked = URL.parse(last.url)?.searchParams.get("cursor");
      if (!cursor || cursor === asked || body?.has_next_page === false) return null;
      return { ...request, path: threadPath(key, `cursor=${encodeURIComponent(cursor)}`) };
    },
  },
  facts: [
    {
      fields: "prompts, answers, sources, searches, attachments, images, failures, models, times",
      from: "GET /rest/thread/{slug}",
      sure: "certain",
      source: "ai-hours (seen live), sho7650/obsidian-AI-exporter",
      date: "2026-10-03",
    },
    {
      fields: "live turns",
      from: "POST /rest/sse/perplexity_ask (server-sent events with patches)",
      sure: "good",
      source: "ai-hours (seen live), gpt4free",
      date: "2026-10-03",
    },
    {
      fields: "the list of threads",
      from: "POST /rest/thread/list_ask_threads",
      sure: "good",
      source: "several public exporters; one describes a recorded answer of 2026-02",
      date: "2026-05-31",
    },
    {
      fields: "messages shown, while the traffic is silent",
      from: "the page's elements",
      sure: "good",
      source: "sho7650/obsidian-AI-exporter",
      date: "2026-08-31",
    },
  ],
});
