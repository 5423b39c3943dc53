import { expect, it } from "vitest";
import type { ArchivedSession } from "./archive.ts";
import { SessionLines, sessionLine } from "./session-lines.ts";

const session = (change: Partial<ArchivedSession> = {}): ArchivedSession => ({
  id: "s1",
  agent: "opencode",
  key: "ses_1",
  title: "Fix the bug",
  messageCount: 4,
  siteUpdatedAt: 1000,
  updatedAt: 1310,
  ...change,
});

it("says which agent, which session, how much and how fast", () => {
  expect(sessionLine(session())).toBe(
    "opencode: 'Fix the bug', 4 messages, in Convex after 310 ms",
  );
});

it("names no delay for an old session, a clock that is behind, or an unknown time", () => {
  for (const change of [
    { updatedAt: 3_600_000 },
    { updatedAt: 900 },
    { siteUpdatedAt: undefined },
  ]) {
    expect(sessionLine(session({ title: undefined, messageCount: 1, ...change }))).toBe(
      "opencode: 'untitled', 1 message, in Convex",
    );
  }
});

it("tells only what is new, oldest change first", () => {
  const lines = new SessionLines();
  const other = session({ id: "s2", title: "Other" });
  expect(lines.changed([session()])).toEqual([]);
  expect(lines.changed([session()])).toEqual([]);
  expect(lines.changed([other, session({ messageCount: 5 })])).toEqual([
    "opencode: 'Fix the bug', 5 messages, in Convex after 310 ms",
    "opencode: 'Other', 4 messages, in Convex after 310 ms",
  ]);
  expect(lines.changed([other, session({ messageCount: 5, updatedAt: 1400 })])).toEqual([]);
  expect(lines.changed([session({ id: "s3", messageCount: 0 })])).toEqual([]);
});
