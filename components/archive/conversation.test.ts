import { describe, expect, it } from "vitest";
import type { Part } from "../../agents/agent";
import { messageOf } from "../testing/archive";
import { partsKey, runsOf, turnsOf } from "./conversation";

const none = new Map<string, Part[]>();
const call = (toolCallId: string): Part => ({
  type: "tool-call",
  toolCallId,
  toolName: "bash",
  input: "{}",
});
const result = (toolCallId: string): Part => ({ type: "tool-result", toolCallId, output: "done" });

describe("turnsOf", () => {
  it("orders by position", () => {
    const turns = turnsOf([messageOf({ key: "m2" }), messageOf({ key: "m1" })], none);
    expect(turns.map((turn) => turn.message.key)).toEqual(["m1", "m2"]);
  });

  it("joins a result to its call in the same message", () => {
    const [turn] = turnsOf([messageOf({ key: "m1", parts: [call("a"), result("a")] })], none);
    expect(turn?.blocks).toEqual([{ type: "tool", call: call("a"), result: result("a") }]);
  });

  it("joins a result of a later message and leaves nothing of that message", () => {
    const turns = turnsOf(
      [
        messageOf({ key: "m1", parts: [call("a"), call("b")] }),
        messageOf({ key: "m2", role: "tool", parts: [result("b")] }),
      ],
      none,
    );
    expect(turns).toHaveLength(1);
    expect(turns[0]?.blocks).toEqual([
      { type: "tool", call: call("a"), result: null },
      { type: "tool", call: call("b"), result: result("b") },
    ]);
  });

  it("shows a result without a call by itself", () => {
    const [turn] = turnsOf([messageOf({ key: "m1", role: "tool", parts: [result("x")] })], none);
    expect(turn?.blocks).toEqual([{ type: "tool", call: null, result: result("x") }]);
  });

  it("keeps a large message closed until its parts are loaded", () => {
    const message = messageOf({ key: "m1", large: { bytes: 100_000, chunks: 1 } });
    expect(turnsOf([message], none)[0]).toMatchObject({ isLarge: true, blocks: [] });
    const loaded = new Map([[partsKey(message), [{ type: "text" as const, text: "all" }]]]);
    expect(turnsOf([message], loaded)[0]).toMatchObject({
      isLarge: false,
      blocks: [{ type: "text", text: "all" }],
    });
    const replaced = { ...message, hash: "another" };
    expect(turnsOf([replaced], loaded)[0]).toMatchObject({ isLarge: true });
  });
});

describe("runsOf", () => {
  const text: Part[] = [{ type: "text", text: "x" }];
  const message = (key: string, given: object) => messageOf({ key, parts: text, ...given });
  const shape = (messages: ReturnType<typeof messageOf>[], leaf?: string) =>
    runsOf(turnsOf(messages, none), leaf).map(({ isActive, turns }) => [
      isActive,
      turns.map((turn) => turn.message.key).join(" "),
    ]);

  it("is one run without a known branch", () => {
    expect(shape([message("m1", {}), message("m2", { parentKey: "m1" })])).toEqual([
      [true, "m1 m2"],
    ]);
  });

  it("folds an edited question with what followed it", () => {
    const messages = [
      message("m1", { role: "user", parentKey: "root" }),
      message("m2", { parentKey: "m1", finish: "stop" }),
      message("m3", { role: "user", parentKey: "root" }),
      message("m4", { parentKey: "m3", finish: "stop" }),
    ];
    expect(shape(messages, "m4")).toEqual([
      [false, "m1 m2"],
      [true, "m3 m4"],
    ]);
    expect(shape(messages, "m2")).toEqual([
      [true, "m1 m2"],
      [false, "m3 m4"],
    ]);
  });

  it("folds an answer that was asked for again", () => {
    const messages = [
      message("m1", { role: "user" }),
      message("m2", { parentKey: "m1", finish: "stop" }),
      message("m3", { parentKey: "m1", finish: "stop" }),
    ];
    expect(shape(messages, "m3")).toEqual([
      [true, "m1"],
      [false, "m2"],
      [true, "m3"],
    ]);
  });

  it("folds a first question that was edited, and an answer whose site says of none why it ended", () => {
    const messages = [
      message("m1", { role: "user" }),
      message("m2", { parentKey: "m1" }),
      message("m3", { role: "user" }),
      message("m4", { parentKey: "m3" }),
      message("m5", { parentKey: "m3" }),
      message("m6", { role: "user", parentKey: "m5" }),
    ];
    expect(shape(messages, "m6")).toEqual([
      [false, "m1 m2"],
      [true, "m3"],
      [false, "m4"],
      [true, "m5 m6"],
    ]);
  });

  it("keeps the steps of one answer, and turns whose questions have no parent", () => {
    const messages = [
      message("m1", { role: "user" }),
      message("m2", { parentKey: "m1", finish: "tool-calls" }),
      message("m3", { parentKey: "m1", finish: "stop" }),
      message("m4", { role: "user" }),
      message("m5", { parentKey: "m4", finish: "tool-calls" }),
      message("m6", { parentKey: "m4", finish: "stop" }),
    ];
    expect(shape(messages, "m6")).toEqual([[true, "m1 m2 m3 m4 m5 m6"]]);
  });

  it("survives parents that go in a circle", () => {
    const messages = [message("m1", { parentKey: "m2" }), message("m2", { parentKey: "m1" })];
    expect(shape(messages, "m2")).toEqual([[true, "m1 m2"]]);
  });
});
