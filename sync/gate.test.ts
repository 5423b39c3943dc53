import { describe, expect, it } from "vitest";
import { admit, type GateSender, type GateState } from "./gate";

const ORIGIN = "http://localhost:4096";

const sender: GateSender = {
  id: "ours",
  frameId: 0,
  url: `${ORIGIN}/session/1`,
  origin: ORIGIN,
  tab: { id: 7, incognito: false },
};

const state: GateState = {
  extensionId: "ours",
  person: "user_me",
  agentsAt: (origin) => (origin === ORIGIN ? ["opencode", "other"] : []),
};

describe("the gate", () => {
  it("lets a page through whose agent this person has switched on", () => {
    expect(admit(sender, state)).toEqual({
      owner: "user_me",
      agentIds: ["opencode", "other"],
      origin: ORIGIN,
      tabId: 7,
    });
  });

  it("takes the origin of the address where the browser gives no other", () => {
    expect(admit({ ...sender, origin: undefined }, state)).toMatchObject({ origin: ORIGIN });
  });

  const refused: [string, Partial<GateSender>, Partial<GateState>][] = [
    ["nobody for whom capture is on", {}, { person: null }],
    ["an agent that is switched off", {}, { agentsAt: () => [] }],
    ["another extension", { id: "theirs" }, {}],
    ["a frame inside the page", { frameId: 3 }, {}],
    ["a sender without a frame", { frameId: undefined }, {}],
    ["a private tab", { tab: { id: 7, incognito: true } }, {}],
    ["a tab that does not say whether it is private", { tab: { id: 7 } }, {}],
    ["one of the extension's own parts", { tab: undefined }, {}],
    ["another port", { url: "http://localhost:4097/", origin: "http://localhost:4097" }, {}],
    ["another scheme", { url: "https://localhost:4096/", origin: "https://localhost:4096" }, {}],
    ["another host", { url: "http://localhost.evil.test:4096/", origin: undefined }, {}],
    [
      "the agent's origin in the path",
      { url: `https://evil.test/${ORIGIN}`, origin: undefined },
      {},
    ],
    ["a sandboxed page", { origin: "null" }, {}],
    ["an origin that is not the address's", { url: "https://evil.test/" }, {}],
    ["no address", { url: undefined, origin: undefined }, {}],
    ["a blank page", { url: "about:blank", origin: undefined }, {}],
  ];

  it.each(refused)("stops %s", (_what, from, wish) => {
    expect(admit({ ...sender, ...from }, { ...state, ...wish })).toBeNull();
  });
});
