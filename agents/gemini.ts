import {
  defineAgent,
  type Observation,
  type Reading,
  type Readings,
  type SessionReading,
} from "./agent";
import {
  type GeminiTurn,
  loadedTurn,
  namedFiles,
  otherForms,
  turnMessages,
} from "./shared/gemini-turns";
import {
  formField,
  listAt,
  rpcArguments,
  rpcItems,
  rpcPayloads,
  textAt,
  valueAt,
} from "./shared/google-rpc";
import { geminiHistory, keyOf, LIST, listed, LOAD } from "./shared/gemini-history";
import { candidatesOf, errorIn, modelOf } from "./shared/gemini-stream";
import { readActivity } from "./shared/gemini-takeout";
import { asString, compact, parseJson } from "./shared/json";
import { uniqueByKey } from "./shared/parts";
import { shownSession } from "./shared/site";

const ORIGIN = "https://gemini.google.com";

/** Path of one of the person's accounts, and of the calls under it. */
const ACCOUNT = "^(?:/u/\\d+)?/_/BardChatUi/data/";

/** `/app/<id>`, `/gem/<gem>/<id>`, both also under `/u/<account>`. On the wire the id begins with `c_`. */
function sessionOf(url: URL): string | null {
  return /^(?:\/u\/\d+)?\/(?:app|gem\/[\w-]+)\/([0-9a-f]{8,})\/?$/.exec(url.pathname)?.[1] ?? null;
}

function headerOf(key: string, observation: Observation): SessionReading {
  const page = URL.parse(observation.pageUrl);
  const request = URL.parse(observation.url);
  const account = /^\/u\/(\d+)\//.exec(request?.pathname ?? "")?.[1];
  const isShown = page !== null && sessionOf(page) === key;
  const path = isShown ? page.pathname : `${account ? `/u/${account}` : ""}/app/${key}`;
  return compact({ agent: "gemini", key, url: ORIGIN + path, account });
}

/** The turns of a load, which come newest first, in a chain: each prompt answers the candidate before it. */
function chainedTurns(payload: unknown): GeminiTurn[] {
  const session = textAt(payload, 0, 0, 0, 0);
  const loaded = listAt(payload, 0).flatMap((value) => {
    const turn = textAt(value, 0, 0) === session ? loadedTurn(value) : null;
    return turn ? [{ turn, others: otherForms(value) }] : [];
  });
  let before: string | undefined;
  return loaded.reverse().flatMap(({ turn, others }, at) => {
    const follows = turn.follows ?? before;
    before = textAt(turn.candidates[0], 0) ?? turn.id;
    // Only the newest turn can still be written.
    const isEnded = at < loaded.length - 1;
    return [...others, turn].map((form) => ({ ...form, follows, isEnded }));
  });
}

function readLoad(payload: unknown, observation: Observation): Reading[] {
  const key = keyOf(textAt(payload, 0, 0, 0, 0));
  if (!key) return [];
  const turns = chainedTurns(payload);
  const messages = uniqueByKey(turns.flatMap(turnMessages));
  const isNewestPage = !textAt(rpcArguments(observation.request, LOAD), 2);
  const last = turns.at(-1);
  const leaf = textAt(last?.candidates[0], 0) ?? last?.id;
  const session = compact({
    ...headerOf(key, observation),
    activeLeafKey: isNewestPage ? leaf : undefined,
    model: isNewestPage ? last?.model : undefined,
    updatedAt: isNewestPage ? last?.time : undefined,
  });
  return [{ session, messages }];
}

/**
 * The list of sessions has the title of the one that is shown; the others are not known to be wanted. Its time is not that of the last turn,
 * which a load tells: the two would take turns at every load of the page.
 */
function readListed(payload: unknown, observation: Observation): Reading[] {
  const shown = shownSession(observation, sessionOf);
  const item = listed(payload).find(([id]) => keyOf(asString(id)) === shown);
  const title = textAt(item, 1);
  if (!shown || !title) return [];
  return [{ session: { ...headerOf(shown, observation), title }, messages: [] }];
}

/** Whether the answer is an error, and of no call. */
function isRefused(items: unknown[][]): boolean {
  return items.some(([kind]) => kind === "er") && !items.some(([kind]) => kind === "wrb.fr");
}

/** An answer may hold those of several calls; a call without a payload was refused. */
function readBatch(observation: Observation): Readings {
  const items = rpcItems(observation.body);
  const called = items.filter(([kind, rpc]) => kind === "wrb.fr" && (rpc === LOAD || rpc === LIST));
  if (called.length === 0) return isRefused(items) ? [] : null;
  const loads = rpcPayloads(items, LOAD);
  // A load that holds something that is no turn has changed.
  if (loads.some((load) => listAt(load, 0).length > 0 && !listAt(load, 0).some(loadedTurn))) {
    return null;
  }
  return [
    ...loads.flatMap((payload) => readLoad(payload, observation)),
    ...rpcPayloads(items, LIST).flatMap((payload) => readListed(payload, observation)),
  ];
}

/**
 * A stream tells no time, so a live turn stands behind all that was loaded, in the order of the page's requests, which count up; the next
 * load gives it its time.
 */
const LIVE_POSITION = 1e14;

function livePosition(observation: Observation): number {
  const id = Number(URL.parse(observation.url)?.searchParams.get("_reqid") ?? 0);
  return LIVE_POSITION + (Number.isFinite(id) ? id : 0);
}

function readTurn(observation: Observation): Readings {
  const asked = parseJson(formField(observation.request, "f.req") ?? "");
  const inner = parseJson(textAt(asked, 1) ?? "");
  const items = rpcItems(observation.body);
  if (isRefused(items)) return [];
  if (!Array.isArray(inner) || !items.some(([kind]) => kind === "wrb.fr")) return null;
  const payloads = rpcPayloads(items, null);
  const named = payloads.findLast((payload) => textAt(payload, 1, 1)?.startsWith("r_"));
  const key = keyOf(textAt(named, 1, 0));
  const id = textAt(named, 1, 1);
  const error = errorIn(items);
  // Refused before it had an id, or not yet so far.
  if (!key || !id) return error || observation.isTruncated ? [] : null;
  const follows = textAt(inner, 2, 2);
  const messages = turnMessages({
    id,
    prompt: textAt(inner, 0, 0) ?? "",
    files: namedFiles(listAt(inner, 0).slice(1)),
    candidates: candidatesOf(payloads),
    follows: follows?.startsWith("rc_") ? follows : undefined,
    model: modelOf(payloads),
    position: livePosition(observation),
    isEnded: items.some(([kind]) => kind === "e"),
  });
  const last = messages.at(-1);
  const failed =
    error && last
      ? [...messages.slice(0, -1), { ...last, state: "final" as const, error }]
      : messages;
  const session = compact({
    ...headerOf(key, observation),
    activeLeafKey: messages[1]?.key ?? id,
    model: messages[1]?.model,
  });
  const isTemporary = valueAt(inner, 45) === 1 ? { isTemporary: true as const } : {};
  return [{ session, messages: uniqueByKey(failed), ...isTemporary }];
}

export const gemini = defineAgent({
  id: "gemini",
  name: "Gemini",
  kind: "chat",
  origins: [`${ORIGIN}/*`],
  session: sessionOf,
  shows: "user-query, model-response", // seen 2026-07-29
  taps: [
    {
      id: "load",
      transport: "xhr",
      method: "POST",
      path: `${ACCOUNT}batchexecute\\?(?:.*&)?rpcids=[^&]*${LOAD}`,
      request: "f\\.req",
      read: readBatch,
    },
    {
      id: "list",
      transport: "xhr",
      method: "POST",
      path: `${ACCOUNT}batchexecute\\?(?:.*&)?rpcids=[^&]*${LIST}`,
      // Read for backfill, which sends the page's own request again.
      request: "f\\.req",
      read: readBatch,
    },
    {
      id: "turn",
      transport: "xhr",
      method: "POST",
      path: `${ACCOUNT}assistant\\.lamda\\.BardFrontendService/StreamGenerate`,
      request: "f\\.req",
      read: readTurn,
    },
  ],
  page: {
    use: "fallback",
    messages: ["user-query, model-response"], // seen 2026-07-29
    roles: [
      { role: "user", match: "user-query" },
      { role: "assistant", match: "model-response" },
    ],
    body: [
      "message-content .markdown", // seen 2026-07-29
      "user-query-content .query-text", // seen 2026-08
      "user-query-content",
    ],
    reasoning: ["model-thoughts"], // seen 2026-01-17
    strip: [".cdk-visually-hidden", "button", "sup.superscript", "source-footnote"],
    running: [
      'mat-icon[data-mat-icon-name="stop"]', // seen 2026-07-29
      'button[aria-label="Stop response"]', // in English
    ],
    title: [
      'gem-nav-list-item[data-test-id="conversation"] a[aria-current="page"] .title-text', // seen 2026-07-29
    ],
  },
  history: geminiHistory,
  imports: [
    {
      file: "(^|/)My ?Activity\\.json$",
      format: "array",
      read: (entry) => readActivity(entry),
    },
  ],
  facts: [
    {
      fields: "prompts, all candidates, thoughts, models, one time a turn, pictures, sources",
      from: "batchexecute hNvQHb (XHR), asked when a session is opened",
      sure: "certain",
      source:
        "two open-source clients of 2026-04 and 2026-08, a probe of 2026-10, a real answer checked place by place",
      date: "2026-10-03",
    },
    {
      fields:
        "prompt, live answer and thoughts, errors, temporary; no time, so the place is only known from the load",
      from: "StreamGenerate (XHR)",
      sure: "certain",
      source: "the same clients and probe",
      date: "2026-10-03",
    },
    {
      fields:
        "other forms of an edited prompt; names of attached files; reports and canvases; the live model",
      from: "the same answers, found by shape",
      sure: "guess",
      source: "places were named without their form",
      date: "2026-10-03",
    },
    {
      fields: "title of the session that is shown; the list for backfill",
      from: "batchexecute MaZiqc (XHR)",
      sure: "certain",
      source: "a real answer of 2026-01",
      date: "2026-10-03",
    },
    {
      fields: "each prompt with its answer as a session of its own: the file names no sessions",
      from: "Google Takeout, My Activity/Gemini Apps/MyActivity.json",
      sure: "guess",
      source: "the general form of My Activity; no such file was seen",
      date: "2026-11-21",
    },
  ],
});
