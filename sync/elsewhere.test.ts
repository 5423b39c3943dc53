import { beforeEach, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { elsewhereSessions } from "../utils/storage";
import { leaveOutElsewhere } from "./elsewhere";
import { captured } from "./testing/readings";

beforeEach(() => fakeBrowser.reset());

const keys = async (owner: string, agent: string, ...readings: ReturnType<typeof captured>[]) =>
  (await leaveOutElsewhere(owner, agent, readings)).map(({ session }) => session.key);

const bridge = { ...captured("session_1"), isElsewhere: true as const };

it("leaves out a session that runs elsewhere, and later everything of it and of its sub-agents", async () => {
  expect(await keys("user_me", "claude-code", bridge, captured("session_2"))).toEqual([
    "session_2",
  ]);
  const later = [captured("session_1"), captured("session_1/toolu_1"), captured("session_11")];
  expect(await keys("user_me", "claude-code", ...later)).toEqual(["session_11"]);
});

it("says nothing of another person's sessions, nor of another agent's", async () => {
  await keys("user_me", "claude-code", bridge);
  expect(await keys("user_you", "claude-code", captured("session_1"))).toEqual(["session_1"]);
  expect(await keys("user_me", "claude", captured("session_1"))).toEqual(["session_1"]);
});

it("remembers side by side, once, and not without end", async () => {
  const many = Array.from({ length: 2_500 }, (_, at) => `s${at}`);
  const all = many.map((key) => ({ ...captured(key), isElsewhere: true as const }));
  await Promise.all([
    leaveOutElsewhere("user_me", "a", all),
    leaveOutElsewhere("user_me", "a", all.slice(-10)),
  ]);
  const { user_me: kept = [] } = await elsewhereSessions.getValue();
  expect([kept.length, kept.at(-1)]).toEqual([2_000, "a s2499"]);
});
