import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { requestLine } from "../capture/events";
import type { Observation, Reading } from "./agent";
import { opencode } from "./opencode";

const folder = join(import.meta.dirname, "fixtures", "opencode");
/** One event of each kind that a page received on /global/event. */
const events = readFileSync(join(folder, "events.txt"), "utf8").trim().split("\n");
const stream = opencode.streams?.[0];
const SESSION = "ses_e00cf21b2ffe13BY8BAT6MpgBb";

function matches(source: string | undefined): { type: string; session: string | undefined }[] {
  const rule = new RegExp(source ?? "");
  const line = requestLine("GET", "http://127.0.0.1:4096/global/event");
  return events.flatMap((event) => {
    const match = rule.exec(`${line}data: ${event}`);
    const payload = (
      JSON.parse(event) as { payload: { type: string; properties?: { status?: { type: string } } } }
    ).payload;
    const type =
      payload.type + (payload.properties?.status ? `:${payload.properties.status.type}` : "");
    return match ? [{ type, session: match[1] }] : [];
  });
}

function messages(url: string, body: unknown, isTruncated = false): Observation {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return {
    tap: "messages",
    url,
    method: "GET",
    status: 200,
    body: text,
    isTruncated,
    pageUrl: "http://127.0.0.1:4096/",
  };
}

/** The one session of a list of messages. */
function readMessages(observation: Observation): Reading {
  return opencode.taps[1]!.read(observation)![0]!;
}
const list = (
  JSON.parse(readFileSync(join(folder, "messages.observation.json"), "utf8")) as { body: unknown[] }
).body;
const url = `http://127.0.0.1:4096/session/${SESSION}/message`;

it("takes a turn as settled when the session goes idle, and by nothing else that a page receives", () => {
  expect(matches(stream?.settled)).toEqual([
    { type: "session.status:idle", session: expect.stringMatching(/^ses_/) as string },
    { type: "session.idle", session: expect.stringMatching(/^ses_/) as string },
  ]);
});

it("takes a turn as running when the session is busy, and by nothing else", () => {
  expect(matches(stream?.running)).toEqual([{ type: "session.status:busy", session: SESSION }]);
});

it("takes a header as changed once, not again for the event's durable copy", () => {
  expect(matches(stream?.changed)).toEqual([{ type: "session.updated", session: SESSION }]);
});

it("is not misled by a conversation about its events", () => {
  const quoted = JSON.stringify({
    payload: { type: "message.part.updated", properties: { part: { text: events.join(" ") } } },
  });
  for (const source of [stream?.settled, stream?.running, stream?.changed]) {
    expect(quoted).not.toMatch(new RegExp(source ?? ""));
  }
});

it("gives a message the same position in the whole list and in any page of it", () => {
  const whole = readMessages(messages(url, list)).messages;
  expect(whole.map((message) => message.position)).toEqual(
    [...whole.map((message) => message.position)].sort((a, b) => a - b),
  );
  expect(new Set(whole.map((message) => message.position)).size).toBe(whole.length);
  const page = readMessages(messages(`${url}?limit=5&before=abc`, list.slice(3, 8))).messages;
  expect(page).toEqual(whole.slice(3, 8));
});

it("orders two messages of one millisecond by the counter in their ids", () => {
  const item = (id: string) => ({
    info: { id, role: "user", time: { created: 1795282771462 } },
    parts: [],
  });
  const [first, second] = readMessages(
    messages(url, [item("msg_1ff311e06001aaaaaaaaaaaaaa"), item("msg_1ff311e06002aaaaaaaaaaaaaa")]),
  ).messages;
  expect(first!.position).toBeLessThan(second!.position);
});

it("keeps the whole messages of a list whose end was cut", () => {
  const text = JSON.stringify(list);
  const cut = readMessages(messages(url, text.slice(0, text.length - 500), true));
  expect(cut.messages.length).toBeGreaterThan(10);
  expect(cut.messages).toEqual(
    readMessages(messages(url, list)).messages.slice(0, cut.messages.length),
  );
  expect(cut.session.activeLeafKey).toBeUndefined();
});

it("takes no message of another session", () => {
  expect(
    opencode.taps[1]!.read(messages("http://127.0.0.1:4096/session/ses_other/message", list)),
  ).toBeNull();
});

it.each([
  [`/server/aHR0cDovLzEyNy4wLjAuMTo0MDk2/session/${SESSION}`, SESSION],
  [`/L2hvbWUvZGV2/session/${SESSION}`, SESSION],
  ["/new-session?draftId=1", null],
  ["/L2hvbWUvZGV2/session", null],
])("knows the session that %s shows", (path, key) => {
  expect(opencode.session(new URL(path, "http://127.0.0.1:4096"))).toBe(key);
});

it("recognises a server by its health", () => {
  expect(opencode.selfHosted?.isRecognised({ healthy: true, version: "1.18.33" })).toBe(true);
  for (const body of [null, "healthy", {}, { healthy: true }, { healthy: "yes", version: "1" }]) {
    expect(opencode.selfHosted?.isRecognised(body)).toBe(false);
  }
});

it("reads a sub-agent that a prompt names, and one that a command or the page itself starts", () => {
  const parts = [
    { id: "prt_1", type: "text", text: "@general counts" },
    {
      id: "prt_2",
      type: "agent",
      name: "general",
      source: { value: "@general", start: 0, end: 8 },
    },
    { id: "prt_3", type: "agent", name: "explore" },
    { id: "prt_4", type: "subtask", prompt: "Look.", description: "A look", agent: "build" },
    { id: "prt_5", type: "subtask", prompt: "Review.", agent: "build", command: "review" },
    { id: "prt_6", type: "retry", attempt: 1, error: { name: "APIError" }, time: { created: 1 } },
  ];
  const item = { info: { id: "msg_1", role: "user", time: { created: 1 } }, parts };
  expect(readMessages(messages(url, [item])).messages[0]!.parts).toEqual([
    { type: "text", text: "@general counts" },
    { type: "text", text: "@explore" },
    { type: "text", text: "Look." },
    { type: "text", text: "/review\n\nReview." },
  ]);
});

it("caps the raw JSON of a part that it does not know", () => {
  const parts = [{ id: "prt_1", type: "novelty", text: "x".repeat(100_000) }];
  const item = {
    info: { id: "msg_1", role: "assistant", time: { created: 1, completed: 2 } },
    parts,
  };
  const part = readMessages(messages(url, [item])).messages[0]!.parts[0]!;
  expect(part).toMatchObject({ type: "unknown", kind: "novelty" });
  expect(part.type === "unknown" && part.json.length).toBe(32 * 1024);
});

it("lists its sessions as the page does, until there are no more", () => {
  const { list, readList } = opencode.history!;
  const answer = (body: unknown) => ({
    ...messages("http://127.0.0.1:4096/api/session?limit=100&order=desc", body),
    tap: "list",
  });
  expect(list(null)).toEqual({ method: "GET", path: "/api/session?limit=100&order=desc" });
  expect(list("a/b").path).toBe("/api/session?limit=100&cursor=a%2Fb");
  // As recorded of 1.18.33.
  const item = {
    ...{ id: SESSION, projectID: "global", agent: "build", cost: 0.00028, title: "Sum" },
    time: { created: 1795303162695, updated: 1795303163037 },
    location: { directory: "/home/dev/project" },
  };
  const cursor = { previous: "p", next: "n" };
  expect(readList(answer({ data: [item], cursor }))).toEqual({
    sessions: [{ key: SESSION, updatedAt: 1795303163037 }],
    next: "n",
  });
  const end = { data: [], cursor: { previous: null, next: null } };
  expect(readList(answer(end))).toEqual({ sessions: [], next: null });
  for (const body of ["<html>", [item], { data: {} }]) expect(readList(answer(body))).toBeNull();
});

it("loads a session from its newest messages to its first", () => {
  const { load } = opencode.history!;
  const header = messages(`http://127.0.0.1:4096/session/${SESSION}`, { id: SESSION });
  const page = (from: number, count: number) =>
    messages(
      url,
      Array.from({ length: count }, (_, at) => ({
        info: { id: `msg_${from + at}`, time: { created: 1795303161000 + from + at } },
      })),
    );
  expect(load(SESSION, [])).toEqual({
    ...{ method: "GET", path: `/session/${SESSION}`, tap: "session" },
  });
  const newest = load(SESSION, [header]);
  expect(newest).toMatchObject({ path: `/session/${SESSION}/message?limit=200`, tap: "messages" });
  const older = load(SESSION, [header, page(300, 200)])!;
  const before = new URL(older.path, url).searchParams.get("before")!;
  expect(JSON.parse(atob(before))).toEqual({ id: "msg_300", time: 1795303161300 });
  expect(load(SESSION, [header, page(300, 200), page(100, 199)])).toBeNull();
});
