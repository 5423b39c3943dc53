import { describe, expect, it } from "vitest";
import { openhands } from "./openhands";
import { loadFixtures } from "./testing/fixtures";

const own = loadFixtures().filter(({ agentId }) => agentId === "openhands");

function messagesOf(name: string) {
  const { observation } = own.find((fixture) => fixture.name === `openhands/${name}`)!;
  const tap = openhands.taps.find(({ id }) => id === observation.tap)!;
  return tap.read(observation)!.flatMap(({ messages }) => messages);
}

describe("OpenHands", () => {
  it("gives one session one key in both forms of its id", () => {
    const session = (path: string) => openhands.session(new URL(`https://o.example${path}`));
    const key = "8f14e45fceea4b0c9d6f2a1b3c4d5e6f";
    expect(session(`/conversations/${key}?tab=browser`)).toBe(key);
    expect(session("/conversations/8F14E45F-ceea-4b0c-9d6f-2a1b3c4d5e6f/".toLowerCase())).toBe(key);
    expect(session("/conversations")).toBeNull();
  });

  it("reads the same events from its sockets as from its pages", () => {
    const [action, result, end] = messagesOf("socket-io.observation.json");
    const page = messagesOf("events-old.observation.json");
    expect([action, result, end]).toEqual([page[1], page[2], page.at(-1)]);
    const later = messagesOf("events-new.observation.json");
    expect(messagesOf("socket.observation.json")).toEqual(later.slice(0, 5));
  });

  it("joins every result to its call, also one that the person refused", () => {
    for (const name of ["events-old", "events-new"]) {
      const parts = messagesOf(`${name}.observation.json`).flatMap((message) => message.parts);
      const calls = parts.flatMap((p) => (p.type === "tool-call" ? p.toolCallId : []));
      const results = parts.flatMap((p) => (p.type === "tool-result" ? p.toolCallId : []));
      expect(results.length).toBeGreaterThan(2);
      for (const id of results) expect(calls).toContain(id);
    }
  });

  it("keeps no key of a sandbox and no picture's bytes", () => {
    for (const { observation, name } of own) {
      const tap = openhands.taps.find(({ id }) => id === observation.tap)!;
      expect(JSON.stringify(tap.read(observation)), name).not.toMatch(
        /not-kept|secret|base64|prod-runtime/,
      );
    }
  });

  it("keeps events of one second in their order", () => {
    const positions = messagesOf("events-new.observation.json").map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b));
  });

  it("recognises its own configuration only", () => {
    const { isRecognised } = openhands.selfHosted!;
    expect(isRecognised({ APP_MODE: "oss", POSTHOG_CLIENT_KEY: "phc" })).toBe(true);
    expect(isRecognised({ app_mode: "saas" })).toBe(true);
    expect(isRecognised({ appTitle: "LibreChat", registrationEnabled: true })).toBe(false);
    expect(isRecognised({ status: true, name: "Open WebUI", version: "0.6" })).toBe(false);
    expect(isRecognised(null)).toBe(false);
  });
});
