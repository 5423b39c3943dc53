import {
  defineAgent,
  type Observation,
  type Reading,
  type Readings,
  type SessionReading,
} from "./agent";
import { pathMatch } from "./shared/address";
import { grokHistory, nodeIds } from "./shared/grok-history";
import { grokTime, readResponse } from "./shared/grok-responses";
import { readGrokStream } from "./shared/grok-stream";
import { arrayItems, asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { uniqueByKey } from "./shared/parts";
import { shownSession, siteMatch } from "./shared/site";
import { lastLeaf } from "./shared/tree";

type Json = Record<string, unknown>;

const ORIGIN = "https://grok.com";

/** `/c/<id>`, before 2026 `/chat/<id>`, in a project `/project/<id>?chat=<id>`; a shared link (`/share/`) is nobody's session. */
function sessionOf(url: URL): string | null {
  const path = /^(?:\/[a-z]{2}(?:-[A-Za-z]{2})?)?\/(c|chat|project)\/([\w-]+)\/?$/.exec(
    url.pathname,
  );
  if (!path) return null;
  const key = path[1] === "project" ? url.searchParams.get("chat") : path[2];
  return key && /^[\w-]+$/.test(key) ? key : null;
}

/** The answer at the end of the branch that the page shows, which its address names. */
function shownLeaf(observation: Observation, key: string): string | undefined {
  const leaf = URL.parse(observation.pageUrl)?.searchParams.get("rid");
  return shownSession(observation, sessionOf) === key && leaf ? leaf : undefined;
}

function requestedKey(observation: Observation): string | undefined {
  return pathMatch(observation, /^\/rest\/app-chat\/conversations(?:_v2)?\/([\w-]+)/)?.[1];
}

function readHeader(value: unknown): SessionReading | null {
  const header = asRecord(value);
  const key = asString(header?.conversationId);
  if (!header || !key) return null;
  const [workspace] = asRecords(header.workspaces);
  return compact({
    agent: "grok",
    key,
    title: asString(header.title) || undefined,
    url: `${ORIGIN}/c/${key}`,
    projectName: asString(workspace?.name) || undefined,
    createdAt: grokTime(header.createTime),
    updatedAt: grokTime(header.modifyTime),
  });
}

function isTemporary(header: unknown): Pick<Reading, "isTemporary"> {
  return asRecord(header)?.temporary === true ? { isTemporary: true } : {};
}

function readHeaderAnswer(observation: Observation): Readings {
  const header = asRecord(parseJson(observation.body))?.conversation;
  const session = readHeader(header);
  if (!session || session.key !== requestedKey(observation)) return null;
  return [{ session, messages: [], ...isTemporary(header) }];
}

/** Ids and parents of all messages, without contents: tells the leaf where the address does not. */
function readNodes(observation: Observation): Readings {
  const key = requestedKey(observation);
  const nodes = asRecord(parseJson(observation.body))?.responseNodes;
  if (!key || !Array.isArray(nodes)) return null;
  const shown = shownLeaf(observation, key);
  const ids = nodeIds(nodes);
  const tree = asRecords(nodes).flatMap((node) => readResponse(node));
  const activeLeafKey = shown && ids.includes(shown) ? shown : lastLeaf(tree);
  if (!activeLeafKey) return [];
  return [{ session: { agent: "grok", key, activeLeafKey }, messages: [] }];
}

function readResponses(observation: Observation): Readings {
  const key = requestedKey(observation);
  const { body } = observation;
  const responses =
    asRecord(parseJson(body))?.responses ??
    (observation.isTruncated && /^\s*\{\s*"responses"/.test(body)
      ? arrayItems(body.slice(body.indexOf("[")))
      : undefined);
  if (!key || !Array.isArray(responses)) return null;
  const messages = uniqueByKey(asRecords(responses).flatMap(readResponse));
  if (messages.length === 0) return responses.length === 0 ? [] : null;
  return [{ session: { agent: "grok", key, url: `${ORIGIN}/c/${key}` }, messages }];
}

/** A turn of a new session names it; one of a known session has its id in the address, and a stream taken up again only in the page's. */
function readTurn(observation: Observation): Readings {
  const turn = siteMatch(observation, /^grok\.com$/, /^\/rest\/app-chat\//)
    ? readGrokStream(observation.body)
    : null;
  if (!turn) return null;
  const header = readHeader(turn.header);
  const path = pathMatch(observation, /^\/rest\/app-chat\/conversations\/([\w-]+)\/responses/);
  const key = header?.key ?? path?.[1] ?? shownSession(observation, sessionOf);
  if (!key) return [];
  const request = asRecord(parseJson(observation.request ?? ""));
  const answer = turn.messages.findLast(({ role }) => role === "assistant");
  const session: SessionReading = compact({
    agent: "grok",
    key,
    url: `${ORIGIN}/c/${key}`,
    ...header,
    title: turn.title ?? header?.title,
    activeLeafKey: turn.messages.at(-1)?.key,
    model: answer?.model ?? asString(request?.modelName) ?? asString(request?.modelMode),
  });
  const temporary = request?.temporary === true ? { temporary: true } : turn.header;
  return [{ session, messages: uniqueByKey(turn.messages), ...isTemporary(temporary) }];
}

/** The export's names are the network's with underscores. */
function asNetwork(exported: Json): Json {
  return Object.fromEntries(
    Object.entries(exported).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

/** One session of the export. Where an answer does not name its parent, it follows the message before it in time. */
function readExport(entry: unknown): Readings {
  const exported = asRecord(asRecord(entry)?.conversation);
  const responses = asRecord(entry)?.responses;
  const header = exported && asNetwork(exported);
  const session = header && readHeader({ ...header, conversationId: header.id });
  if (!session || !Array.isArray(responses)) return null;
  const messages = asRecords(responses)
    .flatMap((item) => {
      const response = asRecord(item.response);
      return response ? readResponse({ ...asNetwork(response), responseId: response._id }) : [];
    })
    .sort((a, b) => a.position - b.position);
  const hasParents = messages.some(({ parentKey }) => parentKey !== undefined);
  const linked = hasParents
    ? messages
    : messages.map((message, at) => compact({ ...message, parentKey: messages[at - 1]?.key }));
  return [
    {
      session: compact({ ...session, activeLeafKey: lastLeaf(linked) }),
      messages: uniqueByKey(linked),
      ...isTemporary(header),
    },
  ];
}

export const grok = defineAgent({
  id: "grok",
  name: "Grok",
  kind: "chat",
  origins: [`${ORIGIN}/*`],
  session: sessionOf,
  shows: '[data-testid="assistant-message"], div[id^="response-"]', // seen 2026-08
  taps: [
    {
      id: "header",
      transport: "fetch",
      method: "GET",
      path: "^/rest/app-chat/conversations_v2/[\\w-]+(?:\\?|$)",
      read: readHeaderAnswer,
    },
    {
      id: "nodes",
      transport: "fetch",
      method: "GET",
      path: "^/rest/app-chat/conversations/[\\w-]+/response-node(?:\\?|$)",
      read: readNodes,
    },
    {
      id: "responses",
      transport: "fetch",
      method: "POST",
      path: "^/rest/app-chat/conversations/[\\w-]+/load-responses(?:\\?|$)",
      read: readResponses,
    },
    {
      id: "turn",
      transport: "fetch",
      method: "POST",
      path: "^/rest/app-chat/conversations/(?:new|[\\w-]+/responses)(?:\\?|$)",
      // The request says which model was asked and whether the session is temporary.
      request: "^\\s*\\{",
      read: readTurn,
    },
    {
      id: "reconnect",
      transport: "fetch",
      method: "GET",
      path: "^/rest/app-chat/conversations/reconnect-response-v2/[\\w-]+",
      read: readTurn,
    },
  ],
  page: {
    use: "fallback",
    messages: [
      'div[id^="response-"]', // seen 2026-08
      '[data-testid="user-message"], [data-testid="assistant-message"]', // seen 2026-08
    ],
    ids: ["id"],
    idPattern: "^response-([0-9a-f-]{36})$",
    roles: [
      { role: "user", match: '[data-testid="user-message"], .items-end' }, // the class: before 2026-08
      { role: "assistant", match: '[data-testid="assistant-message"], .items-start' },
    ],
    body: ['[data-testid="user-message"], [data-testid="assistant-message"]', ".message-bubble"],
    strip: ["button", ".action-buttons"],
    running: ['button[aria-label="Stop"]'], // in English; seen 2026-08
  },
  history: grokHistory,
  imports: [
    {
      file: "(^|/)prod-grok-backend\\.json$",
      format: "array",
      items: ["conversations"],
      read: (entry) => readExport(entry),
    },
  ],
  facts: [
    {
      fields:
        "title, times, project, temporary; the tree and its leaf; messages with steps, tools, sources, files",
      from: "GET conversations_v2/{id}, GET {id}/response-node and POST {id}/load-responses, under /rest/app-chat",
      sure: "certain",
      source:
        "a recording of the page's own traffic (2026-02-18), and open-source readers of the same calls",
      date: "2026-10-01",
    },
    {
      fields: "the live turn: prompt, answer, reasoning, tool calls, title",
      from: "POST conversations/new and {id}/responses, GET reconnect-response-v2/{id} (a JSON object a line)",
      sure: "certain",
      source: "the same",
      date: "2026-10-01",
    },
    {
      fields: "tool calls and results that are objects in a step; cards below an answer",
      from: "steps[].toolUsageCards, toolUsageResults and cardAttachmentsJson of a response",
      sure: "guess",
      source: "names only; their form was not seen",
      date: "2026-10-01",
    },
    {
      fields: "sessions and messages; parents only where it names them",
      from: "official export, prod-grok-backend.json",
      sure: "good",
      source: "three open-source readers that agree",
      date: "2026-10-01",
    },
    {
      fields: "Grok on x.com is another product and is not read",
      from: "x.com/i/grok",
      sure: "certain",
      source: "a recording of its list and one session",
      date: "2026-01-19",
    },
  ],
});
