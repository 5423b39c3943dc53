import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { requestLine } from "../capture/events";
import type { Observation } from "./agent";
import { openWebUi } from "./open-webui";
import { loadFixtures, sharedFixture } from "./testing/fixtures";

const ID = "3c9f2b60-4a1d-4e8b-9a77-5d0e6f1c2b3a";
const exported = sharedFixture("openwebui/librechat-openwebui-export.json");

function answer(url: string, body: unknown): Observation {
  const head = { tap: "list", url, method: "GET", status: 200, isTruncated: false, pageUrl: url };
  return { ...head, body: JSON.stringify(body) };
}

function fixture(name: string): Observation {
  return loadFixtures().find((item) => item.name === `open-webui/${name}.observation.json`)!
    .observation;
}

function frame(event: string, type: string, data: unknown, id = ID): string {
  return `42${JSON.stringify([event, { chat_id: id, message_id: "m", data: { type, data } }])}`;
}

describe("Open WebUI's export", () => {
  // A real one, beside the checkout: skipped where it is missing.
  it.skipIf(!exported)("gives reasoning, tools and text", () => {
    const entries = JSON.parse(readFileSync(exported!, "utf8")) as unknown[];
    const readings = entries.flatMap((entry) => openWebUi.imports![0]!.read(entry, "chats.json")!);
    expect(readings.map(({ session }) => session.title)).toEqual([
      "Chat with reasoning",
      "Chat with tool call",
      "Simple linear chat",
    ]);
    expect(readings[0]!.messages[1]!.parts.map(({ type }) => type)).toEqual(["reasoning", "text"]);
    expect(readings[1]!.messages[1]!.parts).toEqual([
      {
        type: "tool-call",
        toolCallId: "call_1",
        toolName: "get_weather",
        input: '{"city":"Paris"}',
      },
      { type: "tool-result", toolCallId: "call_1", output: "Paris: 18C, rain" },
      { type: "text", text: "The weather in Paris is 18C with rain." },
    ]);
    expect(readings[2]!.session.activeLeafKey).toBe("sa2");
  });

  it("gives the same messages as the page's own load", () => {
    const observation = fixture("chat");
    const [loaded] = openWebUi.taps[0]!.read(observation)!;
    const [imported] = openWebUi.imports![0]!.read(JSON.parse(observation.body), "chats.json")!;
    expect(imported!.messages).toEqual(loaded!.messages);
    expect({ ...imported!.session, url: loaded!.session.url }).toEqual(loaded!.session);
  });

  it("leaves other files alone", () => {
    expect(openWebUi.imports![0]!.read({ mapping: {} }, "conversations.json")).toBeNull();
    expect(openWebUi.imports![0]!.read({ chat: { messages: [] } }, "x.json")).toBeNull();
  });
});

describe("the end of a turn", () => {
  const { settled, running, changed } = openWebUi.streams![0]!;
  const line = requestLine("GET", "ws://localhost:8080/ws/socket.io/?EIO=4&transport=websocket");
  const found = (source: string | undefined, text: string) =>
    new RegExp(source!).exec(line + text)?.[1];

  it("is seen in the events of both names", () => {
    const end = { done: true, content: 'She wrote {"done":true}' };
    expect(found(settled, frame("events", "chat:completion", end))).toBe(ID);
    expect(found(settled, frame("chat-events", "chat:message:error", { error: {} }))).toBe(ID);
    expect(found(settled, frame("events", "chat:tasks:cancel", null))).toBe(ID);
    expect(found(changed, frame("events", "chat:title", "A title"))).toBe(ID);
  });

  it("is not seen while the answer comes, whatever it quotes", () => {
    const part = frame("events", "chat:completion", { content: '{"done":true}' });
    expect(found(settled, part)).toBeUndefined();
    expect(found(running, part)).toBe(ID);
    expect(found(changed, part)).toBeUndefined();
  });

  it("is not asked for where the chat is on no server", () => {
    const end = frame("events", "chat:completion", { done: true }, "local");
    expect(found(settled, end)).toBeUndefined();
    expect(found(settled, end.replace('"local"', '"local:abc"'))).toBeUndefined();
  });
});

describe("Open WebUI's history", () => {
  const { list, readList, load } = openWebUi.history!;
  it("pages until a page is empty", () => {
    const url = `https://w.example${list("2").path}`;
    const read = readList(answer(url, [{ id: ID, title: "A", updated_at: 1790950122 }]))!;
    expect(read).toEqual({ sessions: [{ key: ID, updatedAt: 1790950122000 }], next: "3" });
    expect(readList(answer(url, []))).toEqual({ sessions: [], next: null });
    expect(readList(answer(url, { detail: "Not authenticated" }))).toBeNull();
    expect(list(null).path).toContain("page=1&");
    expect(load(ID, [])).toMatchObject({ path: `/api/v1/chats/${ID}`, tap: "chat" });
    expect(load(ID, [answer(url, {})])).toBeNull();
  });
});

describe("Open WebUI's addresses", () => {
  it("are chats, and not the lists beside them", () => {
    const path = new RegExp(openWebUi.taps[0]!.path);
    expect(path.test(`/api/v1/chats/${ID}`)).toBe(true);
    for (const name of ["?page=1", "all", "pinned", "folder/x", "list?page=2", "share/x", "new"]) {
      expect(path.test(`/api/v1/chats/${name}`), name).toBe(false);
    }
    expect(openWebUi.session(new URL(`https://w.example/c/${ID}?x=1`))).toBe(ID);
    expect(openWebUi.session(new URL("https://w.example/s/abc"))).toBeNull();
  });

  it("are not those of the sites that come from it", () => {
    const observation = fixture("chat");
    for (const host of ["chat.z.ai", "chat.qwen.ai"]) {
      const url = observation.url.replace("webui.example.org", host);
      expect(openWebUi.taps[0]!.read({ ...observation, url })).toBeNull();
    }
  });

  it("are recognised by the configuration", () => {
    const { isRecognised } = openWebUi.selfHosted!;
    const config = { status: true, name: "Open WebUI", version: "0.6.30", features: {} };
    expect(isRecognised(config)).toBe(true);
    expect(isRecognised({ ...config, name: "Our AI" })).toBe(true);
    expect(isRecognised({ appTitle: "LibreChat", registrationEnabled: true })).toBe(false);
    expect(isRecognised({ healthy: true, version: "1" })).toBe(false);
  });
});
