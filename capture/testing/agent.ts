import { defineAgent, type Observation, type Readings } from "../../agents/agent";

/** Body of the made-up agent: the session's key and its messages' texts. */
interface Body {
  key: string;
  texts: string[];
}

function read(observation: Observation): Readings {
  if (observation.body.includes("throw"))
    throw new RangeError("A body that the reader cannot read.");
  const [body = ""] = observation.body.split("\n");
  const { key, texts } = JSON.parse(body) as Body;
  return [
    {
      session: { agent: "somebody-else", key },
      messages: texts.map((text, position) => ({
        key: `m${position}`,
        role: "user",
        position,
        state: "final",
        parts: [{ type: "text", text }],
      })),
    },
  ];
}

/** A made-up agent that uses every transport. It is in tests only. */
export const testAgent = defineAgent({
  id: "test-agent",
  name: "Test agent",
  kind: "self-hosted",
  origins: [],
  selfHosted: { path: "/health", isRecognised: () => true },
  session: (url) => url.searchParams.get("session"),
  taps: [
    { id: "get", transport: "fetch", method: "GET", path: "^/api/", read },
    { id: "post", transport: "fetch", method: "POST", path: "^/api/", read },
    { id: "xhr", transport: "xhr", method: "GET", path: "^/xhr/", read },
    { id: "socket", transport: "websocket", method: "GET", path: "^/socket", read },
    { id: "asked", transport: "fetch", method: "POST", path: "^/rpc", request: "wanted", read },
    { id: "sent", transport: "xhr", method: "POST", path: "^/rpc", request: "wanted", read },
    {
      id: "elsewhere",
      transport: "fetch",
      method: "GET",
      path: "^/elsewhere/",
      host: "^127\\.0\\.0\\.1:\\d+$",
      read,
    },
    {
      id: "turns",
      transport: "websocket",
      method: "GET",
      path: "^/turns",
      until: '"end"',
      isSentToo: true,
      read,
    },
  ],
  streams: [
    {
      transport: "fetch",
      path: "^/events",
      settled: '"idle":"(\\w+)"',
      running: '"busy":"(\\w+)"',
      changed: '"renamed":"(\\w+)"',
      ask: ["/api/session/$1"],
      askLess: ["/api/session/$1?limit=1"],
    },
    {
      transport: "fetch",
      method: "POST",
      path: "^/timeline",
      separator: "\0\0",
      running: "\\nbegun (\\w+)$",
      settled: "\\nended$",
      ask: ["/api/session/$1?of={lastOrg}"],
    },
    {
      transport: "xhr",
      path: "^/xhr/empty/\\w+\\?",
      settled: '^GET /xhr/empty/(\\w+)\\?of=(\\w+)\\n.*"texts":\\[\\]',
      ask: ["/xhr/$1?by=$2"],
    },
    {
      transport: "fetch",
      method: "POST",
      path: "^/api/turn/",
      separator: "\n",
      settled: '^POST /api/turn/(\\w+)\\n.*"end"',
      ask: ["/api/session/$1"],
    },
    {
      transport: "websocket",
      path: "^/live/",
      settled: "^GET /live/(\\w+)\\nended$",
      ask: ["/api/session/$1"],
    },
  ],
  page: {
    use: "fallback",
    messages: [".message"],
    roles: [
      { role: "user", match: ".from-user" },
      { role: "assistant", match: ".from-agent" },
    ],
    running: ["button.stop"],
    title: ["h1"],
  },
  facts: [],
});

const beside = {
  name: "Beside",
  kind: "self-hosted" as const,
  origins: [],
  selfHosted: { path: "/health", isRecognised: () => true },
  session: () => null,
  facts: [],
};

/** Another one at the same origin, for some of the same requests and some of its own. */
export const besideAgent = defineAgent({
  ...beside,
  id: "beside-agent",
  taps: [
    { id: "shared", transport: "fetch", method: "GET", path: "^/api/session/shared", read },
    { id: "own", transport: "fetch", method: "GET", path: "^/beside/", read },
  ],
});

/** One that is never switched on. */
export const offAgent = defineAgent({
  ...beside,
  id: "off-agent",
  taps: [
    { id: "own", transport: "fetch", method: "GET", path: "^/off/", read },
    { id: "shared", transport: "fetch", method: "GET", path: "^/api/session/shared", read },
  ],
});
