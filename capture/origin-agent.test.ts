import { describe, expect, it } from "vitest";
import { opencode } from "../agents/opencode";
import { agentPatterns, agentsAt, type Switches } from "./origin-agent";
import { pageSession } from "./page";
import { testAgent } from "./testing/agent";
import { wantedPages } from "./wanted-pages";

const all = [opencode, testAgent];
const LOCAL = "http://127.0.0.1:4096";
const on = (origins: string[] = []) => ({ isEnabled: true, origins });
const off = (origins: string[] = []) => ({ isEnabled: false, origins });

describe("agentsAt", () => {
  it.each<[string, string, Switches, string[]]>([
    ["a default origin", LOCAL, { opencode: on() }, ["opencode"]],
    ["an agent that is off", LOCAL, { opencode: off() }, []],
    ["an agent without a switch", LOCAL, {}, []],
    ["another port", "http://127.0.0.1:4097", { opencode: on() }, []],
    ["another scheme", "https://127.0.0.1:4096", { opencode: on() }, []],
    ["a host that begins alike", "http://127.0.0.1:40961", { opencode: on() }, []],
    [
      "a named origin",
      "https://code.example",
      { opencode: on(["https://code.example"]) },
      ["opencode"],
    ],
    [
      "a named origin of an agent that is off",
      "https://code.example",
      { opencode: off(["https://code.example"]) },
      [],
    ],
    [
      "a default origin that is named for another agent, which comes first",
      LOCAL,
      { opencode: on(), "test-agent": on([LOCAL]) },
      ["test-agent", "opencode"],
    ],
    ["an opaque origin", "null", { opencode: on() }, []],
  ])("%s", (_, origin, switches, expected) => {
    expect(agentsAt(origin, switches, all).map(({ id }) => id)).toEqual(expected);
  });
});

describe("an agent for any page", () => {
  const site = { ...testAgent, id: "site", selfHosted: undefined, kind: "chat" as const };
  const known = [
    opencode,
    { ...site, origins: ["https://site.example/*"] },
    { ...testAgent, origins: ["https://host.example/*"] },
    { ...site, id: "any", kind: "any" as const },
  ];
  const at = (origin: string, switches: Switches) =>
    agentsAt(origin, { any: on([origin]), ...switches }, known).map(({ id }) => id);
  const wanted = (origin: string, switches: Switches) =>
    wantedPages({ any: on([origin]), ...switches }, known).map(({ agentId }) => agentId);

  it.each<[string, string, Switches, string[]]>([
    ["where the person named it", "https://a.example", {}, ["any"]],
    ["not on a known site, switched on or not", "https://site.example", {}, []],
    ["not on the site of one that people host too", "https://host.example", {}, []],
    ["not where a known agent is on", LOCAL, { opencode: on() }, ["opencode"]],
    ["where a known agent usually runs, but is not on", LOCAL, { opencode: off() }, ["any"]],
  ])("is used %s", (_, origin, switches, expected) => {
    expect(at(origin, switches)).toEqual(expected);
    expect(wanted(origin, switches)).toEqual(expected);
    const [first] = expected;
    if (first) {
      const all = { any: on([origin]), ...switches };
      expect(pageSession(`${origin}/`, all, known)?.agent.id).toBe(first);
    }
  });

  it("needs no permission while no page is named", () => {
    expect(wantedPages({ any: on() }, known)).toEqual([]);
  });
});

describe("patterns", () => {
  it("are an agent's own and those that the person named, each once", () => {
    expect(agentPatterns(opencode, on(["https://code.example", LOCAL]))).toEqual([
      "http://localhost:4096/*",
      "http://127.0.0.1:4096/*",
      "https://code.example/*",
    ]);
  });
});

describe("pageSession", () => {
  it("tells the agent and the session of a page, switched on or not", () => {
    const page = pageSession(`${LOCAL}/server/aHR0cDovLzEyNy4wLjAuMTo0MDk2/session/ses_1`, {}, all);
    expect([page?.agent.id, page?.sessionKey]).toEqual(["opencode", "ses_1"]);
    expect(pageSession(`${LOCAL}/new-session?draftId=1`, {}, all)?.sessionKey).toBeNull();
  });

  it("prefers the agent that is switched on", () => {
    const page = pageSession(
      `${LOCAL}/?session=s1`,
      { opencode: off(), "test-agent": on([LOCAL]) },
      all,
    );
    expect([page?.agent.id, page?.sessionKey]).toEqual(["test-agent", "s1"]);
  });

  it("takes the agent whose session the address names, of several at one origin", () => {
    const page = (search: string) => pageSession(`${LOCAL}/${search}`, both, all)?.agent.id;
    const both = { opencode: on(), "test-agent": on([LOCAL]) };
    expect(page("?session=s1")).toBe("test-agent");
    expect(page("code/session/ses_1")).toBe("opencode");
    expect(
      pageSession(`${LOCAL}/?session=s1`, { opencode: on(), "test-agent": off([LOCAL]) }, all)
        ?.agent.id,
    ).toBe("test-agent");
  });

  it("knows no agent of other pages and of what is no address", () => {
    expect(pageSession("https://example.com/", {}, all)).toBeNull();
    expect(pageSession("", {}, all)).toBeNull();
    expect(pageSession("chrome://extensions/", {}, all)).toBeNull();
  });
});
